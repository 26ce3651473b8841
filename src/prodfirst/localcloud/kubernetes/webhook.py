"""The token webhook of one cluster: its API server, and nobody else, asks who a token stands for."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from prodfirst.localcloud.authority import server_context
from prodfirst.localcloud.kubernetes.access import NotAuthenticated, User
from prodfirst.localcloud.kubernetes.pki import Pki
from prodfirst.localcloud.loopback import Loopback

Authenticate = Callable[[str], Awaitable[User]]
"""The user of a token. Raises NotAuthenticated."""
_BODY_LIMIT = 64 * 1024


class Webhook:
    """An HTTPS server on loopback; clients need a certificate of the cluster's authority."""

    def __init__(self, authenticate: Authenticate, pki: Pki) -> None:
        self._authenticate = authenticate
        self._pki = pki
        self._loopback = Loopback()

    async def start(self) -> int:
        """Listen on a free port of 127.0.0.1; returns it."""
        context = server_context(self._pki.webhook_server(), self._pki.authority.parent)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self._pki.authority)
        app = web.Application(client_max_size=_BODY_LIMIT)
        app.router.add_post("/authenticate", self._review)
        return await self._loopback.serve(app, context)

    async def stop(self) -> None:
        """Close."""
        await self._loopback.stop()

    async def _review(self, request: web.Request) -> web.Response:
        review = await request.json()
        try:
            user = await self._authenticate(str(review["spec"].get("token", "")))
        except NotAuthenticated as refused:
            return _answer({"authenticated": False, "error": str(refused)})
        shown = {
            "username": user.name,
            "uid": user.uid,
            "groups": list(user.groups),
            "extra": {key: list(values) for key, values in user.extra.items()},
        }
        return _answer({"authenticated": True, "user": shown})


def _answer(status: dict[str, Any]) -> web.Response:
    return web.json_response(
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}
    )
