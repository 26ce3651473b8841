"""All clusters of the installation: started, watched, kept over restarts, deleted."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from prodfirst.kernel.errors import Failure
from prodfirst.kernel.paths import private_dir
from prodfirst.localcloud.kubernetes import cluster as records
from prodfirst.localcloud.kubernetes.access import AccessEntry, User
from prodfirst.localcloud.kubernetes.api_client import ApiClient, ApiFailure
from prodfirst.localcloud.kubernetes.background import in_daemon_thread
from prodfirst.localcloud.kubernetes.binaries import find_binaries
from prodfirst.localcloud.kubernetes.bindings import Bindings
from prodfirst.localcloud.kubernetes.cluster import Cluster, Key, Status
from prodfirst.localcloud.kubernetes.commands import Commands, Ports
from prodfirst.localcloud.kubernetes.control_plane import ControlPlane, PortTaken, StartFailure, free_ports
from prodfirst.localcloud.kubernetes.pki import Pki
from prodfirst.localcloud.kubernetes.webhook import Webhook

_TRIES = 5
"""With other ports, where one that was free is taken before the process has it."""

Report = Callable[[str], None]


class Access(Protocol):
    """The side of AWS."""

    async def authenticate(self, token: str, key: Key) -> User:
        """Who a token stands for. Raises NotAuthenticated."""

    def entries(self, key: Key) -> tuple[AccessEntry, ...]:
        """The cluster's access entries."""


@dataclass
class _Running:
    """What runs for one cluster."""

    plane: ControlPlane
    webhook: Webhook
    bindings: Bindings
    following: asyncio.Task[None]


class Clusters:
    """Each has a folder of its own below `folder` (mode 0700), named by its id."""

    def __init__(self, folder: Path, access: Access, report: Report) -> None:
        self._folder = private_dir(folder)
        self._access = access
        self._report = report
        self._known = {cluster.key: cluster for cluster in records.read_all(folder)}
        self._running: dict[str, _Running] = {}
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._keys: dict[str, Pki] = {}

    def restore(self, wanted: Mapping[Key, str]) -> None:
        """Start what the EKS API knows (each with its service range), forget what it does not."""
        for key in [key for key in self._known if key not in wanted]:
            self._forget(self._known.pop(key))
        for key, service_range in wanted.items():
            cluster = self._known.get(key)
            if cluster is None:
                self.create(key, service_range)
            elif cluster.status is not Status.FAILED:
                self._keep(replace(cluster, reason=records.STARTING))
                self._launch(cluster)

    def create(self, key: Key, service_range: str) -> Cluster:
        """Start a new one; returns at once, with status CREATING."""
        cluster = Cluster(records.new_id(), key.account, key.region, key.name, service_range)
        private_dir(self._folder / cluster.id)
        self._keep(cluster)
        self._launch(cluster)
        return cluster

    async def find(self, key: Key) -> Cluster | None:
        """What is known, with what is the matter with it at the moment."""
        cluster = self._known.get(key)
        running = self._running.get(cluster.id) if cluster else None
        if cluster is None or running is None or cluster.status is not Status.ACTIVE:
            return cluster
        return replace(cluster, reason=await running.plane.ailing())

    def authority(self, cluster: Cluster) -> bytes:
        """The certificate that clients trust, PEM."""
        return self._pki(cluster).authority.read_bytes()

    def published(self) -> Mapping[str, Mapping[str, Any]]:
        """Issuer (without its scheme) → its JSON Web Key Set, of every cluster."""
        return {cluster.issuer_host: self._pki(cluster).published for cluster in self._known.values()}

    def issued_by(self, issuer: str) -> Cluster | None:
        """The cluster whose service account tokens name `issuer`."""
        return next((cluster for cluster in self._known.values() if cluster.issuer == issuer), None)

    def client(self, cluster: Cluster) -> ApiClient | None:
        """For calls of its API server; None while it does not run."""
        running = self._running.get(cluster.id)
        return running.plane.client if running else None

    async def bring_in_step(self, key: Key) -> None:
        """See that the cluster obeys its access entries as they are now; one that is not up does so later."""
        cluster = self._known.get(key)
        running = self._running.get(cluster.id) if cluster else None
        if running is None:
            return
        try:
            await running.bindings.bring_in_step()
        except (ApiFailure, aiohttp.ClientError, TimeoutError) as error:
            self._report(f"{key}: access policies wait for the API server: {error}")
            running.bindings.look_again()

    async def delete(self, key: Key) -> None:
        """Stop it and delete all that it had."""
        cluster = self._known.pop(key, None)
        if cluster is not None:
            await self._stop(cluster.id)
            self._forget(cluster)

    async def stop(self) -> None:
        """Stop all; they go on at the next start."""
        await asyncio.gather(*(self._stop(id) for id in {*self._running, *self._starting}))

    def _launch(self, cluster: Cluster) -> None:
        task = asyncio.create_task(self._bring_up(cluster))
        self._starting[cluster.id] = task
        task.add_done_callback(lambda done: self._ended(cluster, done))

    def _ended(self, cluster: Cluster, task: asyncio.Task[None]) -> None:
        self._starting.pop(cluster.id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(cluster, f"{type(error).__name__}: {error}")

    async def _bring_up(self, cluster: Cluster) -> None:
        def tell(text: str) -> None:
            self._report(f"{cluster.key}: {text}")

        try:
            async with AsyncExitStack() as undo:
                running, port = await self._start(cluster, undo, tell)
                self._running[cluster.id] = running
                undo.pop_all()
        except (Failure, StartFailure, ApiFailure, aiohttp.ClientError, TimeoutError, OSError) as error:
            self._fail(cluster, str(error) or type(error).__name__)
        else:
            active = replace(cluster, port=port, status=Status.ACTIVE, reason="")
            self._keep(active)
            tell(f"active, at {active.endpoint}")

    async def _start(self, cluster: Cluster, undo: AsyncExitStack, tell: Report) -> tuple[_Running, int]:
        """What runs, and the API server's port; `undo` learns how to end it."""
        loop = asyncio.get_running_loop()

        def building(text: str) -> None:
            tell(text)
            loop.call_soon_threadsafe(self._note, cluster, text)

        binaries = await in_daemon_thread(lambda: find_binaries(building))
        self._note(cluster, records.STARTING)
        folder, pki = self._folder / cluster.id, self._pki(cluster)
        webhook = Webhook(lambda token: self._access.authenticate(token, cluster.key), pki)
        webhook_port = await webhook.start()
        undo.push_async_callback(webhook.stop)

        def commands(wished: int) -> Commands:
            ports = _ports(wished, webhook_port)
            return Commands(binaries, folder, pki, ports, cluster.issuer, cluster.service_range)

        plane, client, port = await _start_plane(commands, cluster.port, tell)
        undo.push_async_callback(plane.stop)
        bindings = Bindings(client, lambda: self._access.entries(cluster.key), tell)
        await bindings.begin()
        return _Running(plane, webhook, bindings, asyncio.create_task(bindings.follow())), port

    def _note(self, cluster: Cluster, reason: str) -> None:
        """What holds the start of a cluster up."""
        known = self._known.get(cluster.key)
        if known is not None and known.id in self._starting:
            self._keep(replace(known, reason=reason))

    def _fail(self, cluster: Cluster, why: str) -> None:
        """A new one has failed for good; one that was active goes on at the next start."""
        self._report(f"{cluster.key} did not start: {why}")
        status = Status.FAILED if cluster.status is Status.CREATING else cluster.status
        if cluster.key in self._known:
            self._keep(replace(self._known[cluster.key], status=status, reason=why))

    async def _stop(self, id: str) -> None:
        if (task := self._starting.get(id)) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if (running := self._running.pop(id, None)) is not None:
            running.following.cancel()
            await asyncio.gather(running.following, return_exceptions=True)
            await running.plane.stop()
            await running.webhook.stop()

    def _keep(self, cluster: Cluster) -> None:
        self._known[cluster.key] = cluster
        records.save(cluster, self._folder / cluster.id)

    def _pki(self, cluster: Cluster) -> Pki:
        if cluster.id not in self._keys:
            self._keys[cluster.id] = Pki(self._folder / cluster.id / "pki")
        return self._keys[cluster.id]

    def _forget(self, cluster: Cluster) -> None:
        self._keys.pop(cluster.id, None)
        shutil.rmtree(self._folder / cluster.id)


async def _start_plane(
    commands: Callable[[int], Commands], wished: int, tell: Report
) -> tuple[ControlPlane, ApiClient, int]:
    """The control plane, a client and its port; other ports are tried where one is taken."""
    tries = 0
    while True:
        command = commands(wished)
        plane = ControlPlane(command, tell)
        try:
            return plane, await plane.start(), command.ports.api_server
        except PortTaken as error:
            tries += 1
            if tries == _TRIES:
                raise
            tell(f"{error}; trying other ports")
            wished = 0


def _ports(wished: int, webhook: int) -> Ports:
    server, etcd, peer = free_ports(wished, 0, 0)
    return Ports(api_server=server, etcd=etcd, etcd_peer=peer, webhook=webhook)
