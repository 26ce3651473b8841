"""The front: a CONNECT proxy on loopback that answers for the clouds' real host names and for nobody else.

Children get it as `HTTPS_PROXY`. A name of ours leads to the local gateway; every other one is refused and
recorded. It is not packet isolation: a process that ignores the variable can still go out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

_HEADER_LIMIT = 16 * 1024
_HEADER_SECONDS = 10.0
_IDLE_SECONDS = 300.0
_CHUNK = 64 * 1024

AWS = re.compile(r"([a-z0-9-]+\.)+amazonaws\.com", re.IGNORECASE)
"""Google's and Microsoft's names come with their clouds."""


@dataclass(frozen=True, slots=True)
class Route:
    """Host names, and the local server that answers for them."""

    hosts: re.Pattern[str]
    port: int
    """On loopback."""


@dataclass
class Front:
    """The proxy."""

    routes: tuple[Route, ...]
    record: Path
    """JSON lines of the hosts that were refused: `{"time", "host", "port"}`; no path, no content."""
    _server: asyncio.Server | None = field(default=None, init=False)

    async def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1; returns the port. Raises OSError where `port` is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_HEADER_LIMIT)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening; open tunnels end with the process."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEADER_SECONDS)
        except asyncio.LimitOverrunError:
            await _reply(writer, 431, "the request header is too large")
            return
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3:
            await _reply(writer, 400, "not a proxy request")
            return
        method, target, _ = words
        host, port = _host(method, target)
        route = next((route for route in self.routes if route.hosts.fullmatch(host)), None)
        if method != "CONNECT" or port != 443 or route is None:
            self._note(host, port)
            await _reply(writer, 403, f"{host} is not part of the local cloud")
            return
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", route.port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pipe(reader, upstream_writer), _pipe(upstream_reader, writer))

    def _note(self, host: str, port: int) -> None:
        line = json.dumps({"time": time.time(), "host": host[:255], "port": port}) + "\n"
        descriptor = os.open(self.record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


def refused(record: Path, since: float) -> tuple[str, ...]:
    """The hosts (`host:port`) that were refused since a time (seconds of the epoch), sorted."""
    if not record.exists():
        return ()
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    return tuple(sorted({f"{line['host']}:{line['port']}" for line in lines if line["time"] >= since}))


def _host(method: str, target: str) -> tuple[str, int]:
    if method != "CONNECT":
        target = target.removeprefix("http://").split("/", 1)[0]
    host, _, port = target.rpartition(":") if ":" in target else (target, "", "80")
    return host, int(port) if port.isdigit() else 0


async def _reply(writer: asyncio.StreamWriter, status: int, text: str) -> None:
    body = f"prodfirst local cloud: {text}\n".encode()
    head = f"HTTP/1.1 {status} Refused\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await asyncio.wait_for(reader.read(_CHUNK), _IDLE_SECONDS):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
