"""The databases of a local cloud: which there are, where they listen, which of them run."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from prodfirst.kernel.errors import Failure
from prodfirst.kernel.paths import private_dir
from prodfirst.localcloud.postgres.server import DatabaseError, Server

_PORTS = range(15432, 25432)
"""Below the ports that a kernel gives to clients by itself."""
_LOOPBACK = "127.0.0.1"
_LAST_LOOPBACK = 254


@dataclass(frozen=True, slots=True)
class Database:
    """One database server, as it is recorded."""

    folder: str
    """Name of its folder: made up, never taken from a request."""
    address: str
    port: int
    master: str
    wanted: bool = False
    """Whether it is to run."""


class Databases:
    """Servers by name, such as `eu-central-1/main`; all of them end with this process.

    `report` gets what goes wrong at a start.
    """

    def __init__(self, folder: Path, report: Callable[[str], None]) -> None:
        self._folder = private_dir(folder)
        self._report = report
        self._servers: dict[str, Server] = {}
        self._lock = asyncio.Lock()
        self._known: dict[str, Database] = {
            name: Database(**item) for name, item in self._read("databases.json").items()
        }
        self._snapshots: dict[str, str] = dict(self._read("snapshots.json"))

    def find(self, name: str) -> Database | None:
        """Where a database listens, whether or not it runs."""
        return self._known.get(name)

    async def create(self, name: str, master: str, password: str, database: str, port: int) -> Database:
        """Make one that does not run yet; `port` 0 is any. Raises DatabaseError."""
        async with self._lock:
            address, chosen = self._place(port)
            made = Database(secrets.token_hex(8), address, chosen, master)
            await asyncio.to_thread(self._server(name, made).make, master, password, database)
            self._record(name, made)
            return made

    async def start(self, name: str) -> None:
        """Let it run, now and after a restart. Raises DatabaseError."""
        async with self._lock:
            known = replace(self._known[name], wanted=True)
            self._record(name, known)
            await self._start(name, known)

    async def stop(self, name: str) -> None:
        """Let it run no more; its data stays."""
        async with self._lock:
            self._record(name, replace(self._known[name], wanted=False))
            await asyncio.to_thread(self._server(name, self._known[name]).stop)

    async def move(self, name: str, port: int) -> None:
        """Let it listen on another port; connections are cut. Raises DatabaseError."""
        async with self._lock:
            known = self._known[name]
            await asyncio.to_thread(self._server(name, known).stop)
            address, chosen = self._place(port)
            self._record(name, replace(known, address=address, port=chosen))
            if known.wanted:
                await self._start(name, self._known[name])

    async def set_password(self, name: str, password: str) -> None:
        """Change the master user's password; connections are cut. Raises DatabaseError."""
        async with self._lock:
            known = self._known[name]
            server = self._server(name, known)
            await asyncio.to_thread(server.stop)
            try:
                await asyncio.to_thread(server.set_password, known.master, password)
            finally:
                if known.wanted:
                    await self._start(name, known)

    async def snapshot(self, name: str, snapshot: str) -> None:
        """Keep a copy of its data under the name of a snapshot."""
        async with self._lock:
            known = self._known[name]
            server = self._server(name, known)
            await asyncio.to_thread(server.stop)
            folder = f"snapshot-{secrets.token_hex(8)}"
            await asyncio.to_thread(server.copy, self._folder / folder)
            self._snapshots[snapshot] = folder
            self._save()
            if known.wanted:
                await self._start(name, known)

    async def remove_snapshot(self, snapshot: str) -> None:
        """Forget a snapshot's data."""
        async with self._lock:
            folder = self._snapshots.pop(snapshot, "")
            self._save()
            if folder:
                await asyncio.to_thread(Server(self._folder / folder, self._folder / f"{folder}.log").remove)

    async def delete(self, name: str) -> None:
        """Stop it, and forget its data."""
        async with self._lock:
            known = self._known.pop(name)
            self._save()
            server = self._server(name, known)
            del self._servers[name]
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.remove)

    async def restore(self) -> None:
        """Start those that ran when this process was last stopped or killed."""

        async def start(name: str, known: Database) -> None:
            try:
                await self._start(name, known)
            except (DatabaseError, Failure) as error:
                self._report(f"database {name}: {error}")

        async with self._lock:
            wanted = [(name, known) for name, known in self._known.items() if known.wanted]
            await asyncio.gather(*(start(name, known) for name, known in wanted))

    async def close(self) -> None:
        """Stop all that run; they run again after `restore`."""
        async with self._lock:
            for server in self._servers.values():
                await asyncio.to_thread(server.stop)

    async def _start(self, name: str, known: Database) -> None:
        server = self._server(name, known)
        if server.running:
            return
        if not _is_free(known.address, known.port):
            address, port = self._place(0)
            self._report(f"database {name}: port {known.port} is taken, it moves to {port}")
            known = replace(known, address=address, port=port)
            self._record(name, known)
        await asyncio.to_thread(server.await_predecessor)
        server.launch(known.address, known.port)  # in this thread: the server is to end with it
        await asyncio.to_thread(server.await_ready)

    def _place(self, wanted: int) -> tuple[str, int]:
        """A free address and port; one port can be had by many on Linux's other loopback addresses."""
        taken = {(item.address, item.port) for item in self._known.values()}
        if wanted:
            for last in range(1, _LAST_LOOPBACK + 1):
                address = f"127.0.0.{last}"
                if (address, wanted) not in taken and _is_free(address, wanted):
                    return address, wanted
            raise DatabaseError(f"port {wanted} is taken on this machine; leave the port out for any other")
        begin = secrets.randbelow(len(_PORTS))
        for port in (*_PORTS[begin:], *_PORTS[:begin]):
            if (_LOOPBACK, port) not in taken and _is_free(_LOOPBACK, port):
                return _LOOPBACK, port
        raise DatabaseError("no port is free on this machine")

    def _server(self, name: str, known: Database) -> Server:
        if name not in self._servers:
            folder = self._folder / known.folder
            self._servers[name] = Server(folder, self._folder / f"{known.folder}.log")
        return self._servers[name]

    def _record(self, name: str, known: Database) -> None:
        self._known[name] = known
        self._save()

    def _save(self) -> None:
        self._write("databases.json", {name: asdict(item) for name, item in self._known.items()})
        self._write("snapshots.json", self._snapshots)

    def _read(self, name: str) -> dict[str, Any]:
        path = self._folder / name
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _write(self, name: str, data: object) -> None:
        partial = self._folder / f"{name}.new"
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(data, stream)
        partial.replace(self._folder / name)


def _is_free(address: str, port: int) -> bool:
    try:
        with socket.create_server((address, port)):
            return True
    except OSError:
        return False
