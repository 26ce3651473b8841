"""The AWS API itself: ministack, run inside this process, so that nobody can reach it around the gateway."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from prodfirst.localcloud.aws import mends, opinion

_READS = ("Describe", "Get", "Head", "List", "Decrypt", "Encrypt", "GenerateDataKey")
"""Beginnings of operations that change nothing that is kept. STS's Get… make sessions, and are kept."""
_STATE_KEYS = {"events": "eventbridge", "logs": "cloudwatch_logs"}
"""Signing name → ministack's name of the service's state, where they differ."""

_TOUCHES = {"rds": ("secretsmanager",)}
"""Services whose state a call to another one changes too."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of the API."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def configure(folder: Path, account: str, region: str) -> None:
    """Set what ministack reads from the environment when it is first imported.

    `AUTH` makes it decide IAM; no listener of its own is left on (MQTT, SFTP), no container engine is found.
    """
    os.environ.update(
        {
            "AUTH": "true",
            "MINISTACK_ACCOUNT_ID": account,
            "MINISTACK_REGION": region,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(folder / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(folder / "s3"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{folder / 'no-container-engine'}",
            "LOG_LEVEL": "WARNING",
        }
    )


class Api:
    """ministack as an ASGI application."""

    def __init__(self) -> None:
        self._receive: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._lifespan: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load the saved state and get ready."""
        from ministack.app import app

        mends.apply()
        opinion.install()
        self._app = app
        self._lifespan = asyncio.create_task(
            self._app({"type": "lifespan"}, self._receive.get, self._events.put)
        )
        await self._receive.put({"type": "lifespan.startup"})
        event = await self._events.get()
        if event["type"] != "lifespan.startup.complete":
            raise RuntimeError(f"the AWS API did not start: {event.get('message', '')}")

    async def stop(self) -> None:
        """Save the state and end."""
        await self._receive.put({"type": "lifespan.shutdown"})
        await self._events.get()

    async def call(
        self, method: str, host: str, raw_path: str, headers: Mapping[str, str], body: bytes
    ) -> Response:
        """One request, as the gateway received it."""
        path, _, query = raw_path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
            + [(b"x-forwarded-proto", b"https")],
            "client": ("127.0.0.1", 0),
            "server": (host, 443),
        }
        sent = False
        status = 500
        answered: list[tuple[str, str]] = []
        chunks: list[bytes] = []

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: dict[str, Any]) -> None:
            nonlocal status, answered
            if event["type"] == "http.response.start":
                status = event["status"]
                answered = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in event.get("headers", [])]
            elif event["type"] == "http.response.body":
                chunks.append(event.get("body", b""))

        await self._app(scope, receive, send)
        return Response(status, tuple(answered), b"".join(chunks))

    def keep(self, service: str, operation: str) -> None:
        """See that what a call changed is in a file before the caller hears of it.

        ministack itself saves only when it ends; a killed process would lose what it had acknowledged.
        """
        if operation.startswith(_READS) and service != "sts":
            return
        from ministack.app import _build_persistence_save_dict
        from ministack.core.persistence import save_all

        states = _build_persistence_save_dict()
        touched = (service, *_TOUCHES.get(service, ()))
        keys = [_STATE_KEYS.get(name, name) for name in touched]
        save_all({key: states[key] for key in keys} if keys[0] in states else states)
