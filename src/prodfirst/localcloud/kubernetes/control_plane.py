"""A control plane that runs: etcd, kube-apiserver, kube-controller-manager."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

from prodfirst.localcloud.kubernetes.api_client import ApiClient
from prodfirst.localcloud.kubernetes.commands import Commands
from prodfirst.localcloud.kubernetes.supervised import Report, Supervised

_READY_SECONDS = 180.0
"""Measured on two idle cores: 3 s. Other work may hold it up."""
_POLL_SECONDS = 0.05
_TAKEN = "address already in use"


class StartFailure(Exception):
    """A process ended, or the API server did not become ready; the text says why."""


class PortTaken(StartFailure):
    """Somebody else listens on a port that was free a moment ago."""


class ControlPlane:
    """Three processes; none of them outlives the daemon."""

    def __init__(self, commands: Commands, report: Report) -> None:
        self._commands = commands
        self._report = report
        self._processes: list[Supervised] = []
        self.client: ApiClient | None = None

    async def start(self) -> ApiClient:
        """Returns a client once the API server is ready. Raises StartFailure; then nothing of it runs."""
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End it; everything is in etcd's files."""
        if self.client is not None:
            await self.client.close()
            self.client = None
        for process in reversed(self._processes):
            await process.stop()
        self._processes.clear()

    async def ailing(self) -> str:
        """What is the matter at the moment; empty where all is well."""
        if ended := [process.name for process in self._processes if process.ended is not None]:
            return f"{', '.join(ended)} ended and is being started again"
        if self.client is None or not await self.client.is_ready():
            return "kube-apiserver does not answer"
        return ""

    async def _start(self) -> ApiClient:
        commands = self._commands
        deadline = time.monotonic() + _READY_SECONDS
        self._launch("etcd", commands.etcd())
        while not await _listens(commands.ports.etcd):
            await self._wait(deadline)
        self._launch("kube-apiserver", commands.api_server())
        self.client = client = ApiClient(commands.server, commands.pki.authority, commands.pki.provider())
        while not await client.is_ready():
            await self._wait(deadline)
        self._launch("kube-controller-manager", commands.controller_manager())
        for process in self._processes:
            process.watch()
        return client

    def _launch(self, name: str, command: tuple[str, ...]) -> None:
        process = Supervised(name, command, self._commands.folder / f"{name}.log", self._report)
        process.start()
        self._processes.append(process)

    async def _wait(self, deadline: float) -> None:
        for process in self._processes:
            if process.ended is not None:
                words = process.last_words()
                kind = PortTaken if _TAKEN in words else StartFailure
                raise kind(f"{process.name} ended with code {process.ended}: {words}")
        if time.monotonic() > deadline:
            raise StartFailure(f"the API server was not ready within {_READY_SECONDS:.0f} s")
        await asyncio.sleep(_POLL_SECONDS)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return True


def free_ports(*wished: int) -> tuple[int, ...]:
    """For each of `wished` that port of 127.0.0.1 where it is free, else any other; all different."""
    with contextlib.ExitStack() as held:
        return tuple(_hold(port, held) for port in wished)


def _hold(wished: int, held: contextlib.ExitStack) -> int:
    for port in (wished, 0):
        probe = held.enter_context(socket.socket())
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return int(probe.getsockname()[1])
    raise StartFailure("there is no free port on 127.0.0.1")
