"""The two doors to EKS Pod Identity.

`eks-auth.REGION.api.aws` is AWS's: the agent on a node calls it with the node's credentials. The agent is
the pod's: AWS SDKs ask it at `AWS_CONTAINER_CREDENTIALS_FULL_URI`, with the token from
`AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` (EKS user guide, "How EKS Pod Identity works").
"""

from __future__ import annotations

import json
import re
import ssl
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from prodfirst.kernel.errors import InvalidInput
from prodfirst.localcloud.aws import signature
from prodfirst.localcloud.aws.api import Response
from prodfirst.localcloud.aws.audit import Audit, Entry
from prodfirst.localcloud.aws.authorization.authorizer import Authorizer
from prodfirst.localcloud.aws.credentials import Registry
from prodfirst.localcloud.aws.eks_answers import answer, refusal
from prodfirst.localcloud.aws.eks_rules import Refused
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.pod_identity import PodIdentity, Session
from prodfirst.localcloud.aws.signature import Denied, Request
from prodfirst.localcloud.kubernetes.standing_in import AUDIENCE
from prodfirst.localcloud.loopback import Loopback

HOSTS = re.compile(r"eks-auth\.[a-z0-9-]+\.api\.aws", re.IGNORECASE)
_PATH = "/clusters/{cluster}/assume-role-for-pod-identity"
_BODY_LIMIT = 64 * 1024
_ACTION = "AssumeRoleForPodIdentity"


class PodIdentityServer:
    """Two servers on loopback."""

    def __init__(self, identity: PodIdentity, registry: Registry, audit: Audit, account: str) -> None:
        self._identity = identity
        self._registry = registry
        self._audit = audit
        self._account = account
        self._authorizer = Authorizer(account)
        self._loopback = Loopback()

    async def start(self, context: ssl.SSLContext) -> tuple[int, int]:
        """The ports of AWS's door and of the agent."""
        api = web.post(_PATH, self._api)
        agent = web.get("/v1/credentials", self._agent)
        return await self._listen(api, context), await self._listen(agent, None)

    async def stop(self) -> None:
        """Close."""
        await self._loopback.stop()

    async def _listen(self, route: web.RouteDef, context: ssl.SSLContext | None) -> int:
        app = web.Application(client_max_size=_BODY_LIMIT)
        app.add_routes([route])
        return await self._loopback.serve(app, context)

    async def _api(self, incoming: web.Request) -> web.Response:
        entry = Entry("eks-auth", _ACTION, parameters={"clusterName": incoming.match_info["cluster"]})
        try:
            body = await incoming.read()
            region = incoming.host.split(".")[1]
            self._authorize(incoming, body, region, entry)
            token = _token(body)
            cluster = self._identity.cluster_of(token)
            if (cluster.name, cluster.region) != (entry.parameters["clusterName"], region):
                raise Refused("InvalidTokenException", "the token is another cluster's")
            session = await self._identity.assume(cluster, token)
        except Refused as refused:
            return self._refuse(entry, refused)
        return self._done(entry, session, _answer(session))

    async def _agent(self, incoming: web.Request) -> web.Response:
        entry = Entry("eks-auth", _ACTION, principal=AUDIENCE)
        try:
            token = incoming.headers.get("Authorization", "")
            cluster = self._identity.cluster_of(token)
            entry.parameters = {"clusterName": cluster.name}
            session = await self._identity.assume(cluster, token)
        except Refused as refused:
            return self._refuse(entry, refused)
        credential = session.credential
        shown = {
            "AccessKeyId": credential.key,
            "SecretAccessKey": credential.secret,
            "Token": credential.token,
            "AccountId": self._account,
            "Expiration": _moment(credential.expires),
        }
        return self._done(entry, session, answer(200, shown))

    def _authorize(self, incoming: web.Request, body: bytes, region: str, entry: Entry) -> None:
        headers = {name.lower(): value for name, value in incoming.headers.items()}
        request = Request(incoming.method, f"https://{incoming.host}{incoming.raw_path}", headers, body)
        try:
            credential = signature.verify(request, Host("eks-auth", region), self._registry)
        except Denied as denied:
            raise _denied(f"{denied.code}: {denied}") from denied
        entry.key, entry.principal = credential.key, credential.principal
        try:
            verdict = self._authorizer.decide(
                credential.key, "eks-auth", _ACTION, dict(entry.parameters), region
            )
        except (KeyError, InvalidInput) as error:
            raise _denied(f"the caller's policies cannot be read: {error}") from error
        if verdict.refused is not None:
            refused = verdict.refused
            why = f"not authorized to perform: {refused.action} on resource: {refused.resource} "
            raise _denied(f"User: {verdict.caller} is {why}{refused.decision.reason}")

    def _refuse(self, entry: Entry, refused: Refused) -> web.Response:
        entry.decision, entry.status, entry.reason = "deny", refused.status, str(refused)
        self._audit.write(entry)
        return _sent(refusal(refused))

    def _done(self, entry: Entry, session: Session, response: Response) -> web.Response:
        workload = session.workload
        entry.status = 200
        entry.parameters = {
            **entry.parameters,
            "namespace": workload.namespace,
            "serviceAccount": workload.service_account,
            "roleArn": str(session.association["roleArn"]),
        }
        self._audit.write(entry)
        return _sent(response)


def _answer(session: Session) -> Response:
    """The shape of AssumeRoleForPodIdentity's answer."""
    credential, workload, association = session.credential, session.workload, session.association
    shown: dict[str, Any] = {
        "subject": {"namespace": workload.namespace, "serviceAccount": workload.service_account},
        "audience": AUDIENCE,
        "podIdentityAssociation": {
            "associationArn": association["associationArn"],
            "associationId": association["associationId"],
        },
        "assumedRoleUser": {"arn": credential.principal, "assumeRoleId": session.role_id},
        "credentials": {
            "sessionToken": credential.token,
            "secretAccessKey": credential.secret,
            "accessKeyId": credential.key,
            "expiration": credential.expires,
        },
    }
    return answer(200, shown)


def _token(body: bytes) -> str:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise Refused("InvalidRequestException", "the body is not JSON") from error
    token = content.get("token") if isinstance(content, dict) else None
    if not isinstance(token, str):
        raise Refused("InvalidParameterException", "`token` is missing")
    return token


def _denied(message: str) -> Refused:
    return Refused("AccessDeniedException", message, 403)


def _sent(response: Response) -> web.Response:
    return web.Response(status=response.status, body=response.body, headers=dict(response.headers))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
