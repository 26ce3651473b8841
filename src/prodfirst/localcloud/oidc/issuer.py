"""The OpenID Connect issuer of the CI system, under GitHub's own host names, by GitHub's own protocol.

`token.actions.githubusercontent.com` publishes the discovery document and the keys. On
`pipelines.actions.githubusercontent.com` a job trades its request token for ID tokens, at the address that it
was given; there too the runner service, which alone knows the runner key, starts and ends jobs. That last
part has no public counterpart: at GitHub it is inside.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from prodfirst.localcloud.loopback import Loopback
from prodfirst.localcloud.oidc.jobs import (
    ISSUER,
    ISSUER_HOST,
    JOB_SECONDS,
    PIPELINES_HOST,
    RUNNER_FILE,
    Jobs,
    Work,
    claim_names,
)
from prodfirst.localcloud.oidc.keys import ALGORITHM, SigningKeys

HOSTS = re.compile(r"(token|pipelines)\.actions\.githubusercontent\.com")
_ASKED = frozenset({"audience", "api-version"})
"""What a job may say when it asks for a token. Who it is follows from its request token alone."""
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_AUDIENCE_LIMIT = 255


@dataclass
class Issuer:
    """The issuer of one installation; `folder` keeps its keys and the runner key."""

    folder: Path

    def __post_init__(self) -> None:
        self.keys = SigningKeys(self.folder / "oidc")
        self.jobs = Jobs()
        self._runner_key = _runner_key(self.folder / RUNNER_FILE)
        self._loopback = Loopback()

    async def start(self, context: ssl.SSLContext) -> int:
        """Listen on a free port of 127.0.0.1; returns it."""
        app = web.Application(client_max_size=64 * 1024, middlewares=[_one_host])
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._discovery),
                web.get("/.well-known/jwks", self._jwks),
                web.get("/{service}//idtoken/{run}/{job}", self._id_token),
                web.post("/runner/jobs", self._start),
                web.delete("/runner/jobs/{job}", self._end),
                web.post("/runner/keys", self._rotate),
            ]
        )
        return await self._loopback.serve(app, context)

    async def stop(self) -> None:
        """Finish what is being answered, and close."""
        await self._loopback.stop()

    def published(self) -> Mapping[str, Any]:
        """Its JSON Web Key Set."""
        return self.keys.published()

    def rejects(self, claims: Mapping[str, Any]) -> bool:
        """A token whose job has ended is worth nothing, however long it would live.

        GitHub's issuer cannot take a token back: there its short life is the only limit.
        """
        return not self.jobs.is_running(str(claims.get("jti", "")))

    async def _discovery(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": ISSUER,
                "jwks_uri": f"{ISSUER}/.well-known/jwks",
                "subject_types_supported": ["public", "pairwise"],
                "response_types_supported": ["id_token"],
                "claims_supported": claim_names(),
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "scopes_supported": ["openid"],
            }
        )

    async def _jwks(self, _request: web.Request) -> web.Response:
        return web.json_response(self.keys.published())

    async def _id_token(self, request: web.Request) -> web.Response:
        job = self.jobs.of_request(_bearer(request))
        if job is None:
            return _refused(401, "the request token is none, or its job has ended")
        if (request.match_info["run"], request.match_info["job"]) != (job.run, job.id):
            return _refused(403, "the request token belongs to another job")
        if unknown := sorted(set(request.query) - _ASKED):
            return _refused(400, f"`{unknown[0]}` is not for a job to choose; only `audience` is")
        audiences = request.query.getall("audience", [""])
        if len(audiences) > 1 or len(audiences[0]) > _AUDIENCE_LIMIT:
            return _refused(400, f"one audience of at most {_AUDIENCE_LIMIT} characters")
        token = self.keys.sign(self.jobs.issue(job, audiences[0]))
        return web.json_response({"count": len(token), "value": token})

    async def _start(self, request: web.Request) -> web.Response:
        if not self._is_runner(request):
            return _refused(401, "only the runner service starts jobs")
        try:
            told = await request.json()
            work, seconds = _work(told), float(told.get("seconds", JOB_SECONDS))
        except (ValueError, TypeError, AttributeError) as error:
            return _refused(400, f"not a job: {error}")
        job, token = self.jobs.start(work, min(seconds, JOB_SECONDS))
        url = f"https://{PIPELINES_HOST}/{secrets.token_hex(8)}//idtoken/{job.run}/{job.id}?api-version=2.0"
        return web.json_response({"job": job.id, "subject": work.subject, "url": url, "token": token})

    async def _end(self, request: web.Request) -> web.Response:
        if not self._is_runner(request):
            return _refused(401, "only the runner service ends jobs")
        return web.Response(status=204 if self.jobs.end(request.match_info["job"]) else 404)

    async def _rotate(self, request: web.Request) -> web.Response:
        if not self._is_runner(request):
            return _refused(401, "only the runner service changes keys")
        return web.json_response({"kid": self.keys.rotate()})

    def _is_runner(self, request: web.Request) -> bool:
        return hmac.compare_digest(_bearer(request).encode(), self._runner_key.encode())


@web.middleware
async def _one_host(request: web.Request, handler: Any) -> web.StreamResponse:
    """Each host answers for its own paths."""
    public = request.path.startswith("/.well-known/")
    if request.host != (ISSUER_HOST if public else PIPELINES_HOST):
        return _refused(404, f"`{request.host}` has no `{request.path}`")
    response: web.StreamResponse = await handler(request)
    return response


def _work(told: Mapping[str, Any]) -> Work:
    work = Work(**{key: str(value) for key, value in told.items() if key != "seconds"})
    if not _REPOSITORY.fullmatch(work.repository):
        raise ValueError("`repository` is not OWNER/NAME")
    if not _NAME.fullmatch(work.environment):
        # a colon would let one subject look like another
        raise ValueError("`environment` may hold letters, digits, `.`, `_` and `-`")
    return work


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refused(status: int, why: str) -> web.Response:
    return web.json_response({"message": why}, status=status)


def _runner_key(path: Path) -> str:
    """Made once per installation; whoever reads this file plays the runner service."""
    if path.exists():
        return str(json.loads(path.read_text())["key"])
    key = secrets.token_urlsafe(32)
    partial = path.with_suffix(".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump({"key": key}, stream)
    partial.replace(path)
    return key
