"""The gateway before the AWS API: callers are proved, calls are known, everything is audited."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from aiohttp import web

from prodfirst.localcloud.aws import decisions, hosts, operation, opinion, signature, webidentity
from prodfirst.localcloud.aws.additions import Addition
from prodfirst.localcloud.aws.api import Api, Response
from prodfirst.localcloud.aws.audit import Audit, Entry, identifying
from prodfirst.localcloud.aws.authorization.authorizer import Verdict
from prodfirst.localcloud.aws.credentials import Registry
from prodfirst.localcloud.aws.decisions import Decisions
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.operation import Operation
from prodfirst.localcloud.aws.opinion import Misrouted
from prodfirst.localcloud.aws.refusals import refusal
from prodfirst.localcloud.aws.request_ids import numbered
from prodfirst.localcloud.aws.signature import Denied, Request
from prodfirst.localcloud.aws.webidentity import WebIdentities, WebIdentity
from prodfirst.localcloud.loopback import Loopback

_BODY_LIMIT = 256 * 1024 * 1024
_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
_WEB = "AssumeRoleWithWebIdentity"
_MAKE_CREDENTIALS = frozenset({"AssumeRole", _WEB, "CreateAccessKey", "GetSessionToken"})


class Gateway:
    """An HTTPS server on loopback for all host names of AWS."""

    def __init__(
        self,
        api: Api,
        registry: Registry,
        audit: Audit,
        additions: Mapping[str, Addition],
        identities: WebIdentities,
        decides: Decisions,
    ) -> None:
        self._api = api
        self._identities = identities
        self._decisions = decides
        self._registry = registry
        self._audit = audit
        self._additions = additions
        self._loopback = Loopback()

    async def start(self, context: ssl.SSLContext) -> int:
        """Listen on a free port of 127.0.0.1; returns it."""
        app = web.Application(client_max_size=_BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._serve)
        return await self._loopback.serve(app, context)

    async def stop(self) -> None:
        """Finish what is being answered, and close."""
        await self._loopback.stop()

    async def _serve(self, incoming: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in incoming.headers.items()}
        name = headers.get("host", "")
        request = Request(
            incoming.method, f"https://{name}{incoming.raw_path}", headers, await incoming.read()
        )
        response = await self._answer(request, name)
        kept = [(k, v) for k, v in response.headers if k.lower() not in _HOP_BY_HOP]
        result = web.Response(status=response.status, body=response.body)
        for key, value in kept:
            result.headers[key] = value
        if incoming.method == "HEAD":
            length = {k.lower(): v for k, v in response.headers}.get("content-length")
            if length:
                result.headers["Content-Length"] = length
        return result

    async def _answer(self, request: Request, name: str) -> Response:
        host = hosts.parse(name)
        if host is None or host.service not in hosts.SERVICES:
            return self._refuse(Entry(host.service if host else name), host, "UnsupportedService",
                                f"the local cloud does not serve `{name}`")  # fmt: skip
        called = operation.identify(request, host)
        entry = Entry(host.service, called.name, parameters=identifying(dict(called.parameters)))
        identity: WebIdentity | None = None
        try:
            if urlsplit(request.url).path.startswith("/_ministack"):
                raise Denied("AccessDenied", "the API's own administration is closed")
            if called.service == "sts" and called.name == _WEB:
                identity = await self._identities.verify(called.parameters)
                entry.principal = identity.principal
                verdict = self._decisions.check_web(host, called, identity, entry)
                request = webidentity.verified_only(request, called.parameters, identity)
            else:
                credential = signature.verify(request, host, self._registry)
                entry.key, entry.principal = credential.key, credential.principal
                verdict = self._decisions.check(request, host, called, credential.key, entry)
        except Denied as denied:
            return self._refuse(entry, host, denied.code, str(denied), denied.status)
        added = self._additions.get(host.service)
        refused = await added.refuse(host, called, request) if added else None
        if refused is not None:
            self._note(entry, called, refused)
            return numbered(refused, host.service, entry.id)
        try:
            response = await self._called(request, name, verdict, entry)
        except Misrouted as error:
            return self._refuse(entry, host, "AccessDenied", str(error))
        try:
            if added is not None:
                response = await added.complete(host, called, request, response)
        finally:
            self._api.keep(host.service, called.name)
        self._note(entry, called, response)
        if identity is not None and response.status == 200:
            response = replace(response, body=webidentity.told(identity, response.body))
        return numbered(response, host.service, entry.id)

    async def _called(self, request: Request, name: str, verdict: Verdict, entry: Entry) -> Response:
        """The API's answer to an allowed call; what it would have said itself is in the entry."""
        parts = urlsplit(request.url)
        raw_path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        actions = [answer.action for answer in verdict.answers]
        with opinion.heard(entry.service, actions) as own:
            response = await self._api.call(request.method, name, raw_path, request.headers, request.body)
        decisions.compare(own, verdict, entry)
        return response

    def _note(self, entry: Entry, called: Operation, response: Response) -> None:
        entry.status = response.status
        if response.status == 403:
            entry.decision = "deny"
        elif response.status >= 400:
            entry.decision = "error"
        elif called.service in ("iam", "sts") and called.name in _MAKE_CREDENTIALS:
            parsed = operation.answer(called, response.status, dict(response.headers), response.body)
            self._registry.learn(parsed)
        elif called.service == "iam" and called.name == "DeleteAccessKey":
            self._registry.remove(called.parameters.get("AccessKeyId", ""))
        self._audit.write(entry)

    def _refuse(
        self, entry: Entry, host: Host | None, code: str, message: str, status: int = 403
    ) -> Response:
        entry.decision, entry.status, entry.reason = "deny", status, code
        self._audit.write(entry)
        return refusal(host.service if host else "", code, message, status, entry.id)
