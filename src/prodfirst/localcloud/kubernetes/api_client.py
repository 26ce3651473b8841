"""Calls of one cluster's API server by the local cloud itself."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp

_MANAGER = "eks"
"""The field manager under which the cloud provider's objects stand."""
_CALL_SECONDS = 15.0
_READY_SECONDS = 2.0


class ApiFailure(Exception):
    """The API server refused; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ApiClient:
    """A client with a certificate; close it."""

    def __init__(self, server: str, authority: Path, own: Path) -> None:
        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(own)
        self._server = server
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))

    async def close(self) -> None:
        """End all connections."""
        await self._session.close()

    async def is_ready(self) -> bool:
        """Whether it says so; False too where nobody answers."""
        try:
            async with self._session.get(
                f"{self._server}/readyz", timeout=aiohttp.ClientTimeout(_READY_SECONDS)
            ) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def items(self, path: str, **query: str) -> tuple[Mapping[str, Any], ...]:
        """All objects of a list."""
        return tuple((await self._call("GET", path, query))["items"])

    async def apply(self, path: str, manifest: Mapping[str, Any]) -> None:
        """Server-side apply; what others changed in our fields is taken back."""
        query = {"fieldManager": _MANAGER, "force": "true"}
        await self._call("PATCH", path, query, manifest, "application/apply-patch+yaml")

    async def create(self, path: str, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the server made of an object, or answers to a review."""
        made: Mapping[str, Any] = await self._call("POST", path, {}, manifest, "application/json")
        return made

    async def delete(self, path: str) -> None:
        """Delete one object."""
        await self._call("DELETE", path, {})

    async def changes(self, path: str) -> AsyncIterator[Mapping[str, Any]]:
        """Watch events, beginning with one for each object that is there, until the server ends it."""
        forever = aiohttp.ClientTimeout(total=None, sock_read=None)
        async with self._session.get(
            f"{self._server}{path}", params={"watch": "1"}, timeout=forever
        ) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                yield json.loads(line)

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        kind: str = "",
    ) -> Any:
        headers = {"Content-Type": kind} if kind else {}
        async with self._session.request(
            method,
            f"{self._server}{path}",
            params=dict(query),
            data=json.dumps(body) if body is not None else None,
            headers=headers,
            timeout=aiohttp.ClientTimeout(_CALL_SECONDS),
        ) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise ApiFailure(answer.status, text[:500])
            return json.loads(text)
