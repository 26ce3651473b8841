"""The clusters' issuers, under their real host names: discovery document and keys, for everybody."""

from __future__ import annotations

import re
import ssl

from aiohttp import web

from prodfirst.localcloud.kubernetes.clusters import Clusters
from prodfirst.localcloud.kubernetes.pki import ALGORITHM
from prodfirst.localcloud.loopback import Loopback

HOSTS = re.compile(r"oidc\.eks\.[a-z0-9-]+\.amazonaws\.com", re.IGNORECASE)


class Discovery:
    """An HTTPS server on loopback for all issuers of the installation's clusters."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters
        self._loopback = Loopback()

    async def start(self, context: ssl.SSLContext) -> int:
        """Listen on a free port of 127.0.0.1; returns it."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/id/{id}/.well-known/openid-configuration", self._document),
                web.get("/id/{id}/keys", self._keys),
            ]
        )
        return await self._loopback.serve(app, context)

    async def stop(self) -> None:
        """Close."""
        await self._loopback.stop()

    async def _document(self, request: web.Request) -> web.Response:
        issuer = f"https://{self._issuer(request)}"
        return web.json_response(
            {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/keys",
                "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "claims_supported": ["sub", "iss"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
            }
        )

    async def _keys(self, request: web.Request) -> web.Response:
        return web.json_response(self._clusters.published()[self._issuer(request)])

    def _issuer(self, request: web.Request) -> str:
        """The issuer that the address names, without its scheme."""
        named = f"{request.host}/id/{request.match_info['id']}"
        if named not in self._clusters.published():
            raise web.HTTPNotFound(text=f"no cluster has the issuer `https://{named}`")
        return named
