"""A real control plane for tests: etcd, kube-apiserver and kube-controller-manager, on loopback."""

from __future__ import annotations

import json
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from prodfirst.kernel import processes
from prodfirst.localcloud.kubernetes.binaries import Binaries, find_binaries
from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster
from prodfirst.providers.kubernetes.kubeconfig import access_of
from prodfirst.providers.kubernetes.objects import Data, kind_of

_START_SECONDS = 60.0
_ADMINISTRATOR = "administrator"


@dataclass
class ControlPlane:
    """One running cluster."""

    folder: Path
    server: str
    authority: str
    """PEM"""
    binaries: Binaries
    _running: list[Any]

    def kubeconfig(self, user: str = _ADMINISTRATOR, token: str | None = None, server: str = "") -> str:
        """Contents, as JSON."""
        import base64

        data = base64.b64encode(self.authority.encode()).decode()
        cluster = {"server": server or self.server, "certificate-authority-data": data}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "test", "cluster": cluster}],
                "users": [{"name": user, "user": {"token": token or f"token-of-{user}"}}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
                "current-context": "test",
            }
        )

    def calls(self, user: str = _ADMINISTRATOR) -> Cluster:
        return Cluster(Client(access_of(self.kubeconfig(user))))

    def make(self, thing: Data) -> Data:
        """Create an object as the administrator, by another manager's name."""
        kind = kind_of("kubernetes:core/v1:Thing", thing)
        return self.calls().create(kind, thing, {"fieldManager": "somebody"}).data

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Data | None:
        found = kind_of("kubernetes:core/v1:Thing", {"apiVersion": api_version, "kind": kind})
        return self.calls().find(found, namespace, name)

    def edit(
        self,
        api_version: str,
        kind: str,
        namespace: str,
        name: str,
        *steps: Data,
        manager: str = "kubectl-edit",
    ) -> Data:
        """A JSON patch as a person would make it."""
        found = kind_of("kubernetes:core/v1:Thing", {"apiVersion": api_version, "kind": kind})
        return self.calls().patch(found, namespace, name, list(steps), {"fieldManager": manager}).data

    def wait(self, done: Callable[[], bool], seconds: float = 30.0) -> None:
        """Until a controller has done its work."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end
            time.sleep(0.1)

    def allow(self, user: str, namespace: str, *rules: Data) -> None:
        """Give a user these rules in a namespace, and nothing else."""
        where = {"name": f"r-{user}", "namespace": namespace}
        group = "rbac.authorization.k8s.io"
        self.make({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": where, "rules": list(rules)})
        subject = {"kind": "User", "name": user, "apiGroup": group}
        role = {"kind": "Role", "name": f"r-{user}", "apiGroup": group}
        binding = {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": where}
        self.make({**binding, "subjects": [subject], "roleRef": role})


USERS = ("deployer", "reader", "nobody", "planner")
"""Users that may nothing until a test allows it."""


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    binaries = find_binaries(lambda line: print(line, file=sys.stderr))
    plane = start_control_plane(tmp_path_factory.mktemp("cluster"), binaries)
    try:
        yield plane
    finally:
        stop_control_plane(plane)


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """A namespace of this test alone; it goes with the cluster."""
    name = f"t-{secrets.token_hex(4)}"
    control_plane.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def start_control_plane(folder: Path, binaries: Binaries) -> ControlPlane:
    etcd, peers, port = _free_port(), _free_port(), _free_port()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "accounts.key").write_bytes(pem)
    rows = [f"token-of-{_ADMINISTRATOR},{_ADMINISTRATOR},0,system:masters"]
    rows += [f"token-of-{user},{user},{number}" for number, user in enumerate(USERS, 1)]
    (folder / "tokens.csv").write_text("\n".join(rows) + "\n")
    plane = ControlPlane(folder, f"https://127.0.0.1:{port}", "", binaries, [])
    _run(plane, "etcd", [str(binaries.etcd), *_etcd_flags(folder, etcd, peers)])
    _run(plane, "apiserver", [str(binaries.api_server), *_server_flags(folder, etcd, port)])
    try:
        _until_ready(plane)
        (folder / "kubeconfig").write_text(plane.kubeconfig())
        _run(plane, "manager", [str(binaries.controller_manager), *_manager_flags(folder)])
    except BaseException:
        stop_control_plane(plane)
        raise
    return plane


def stop_control_plane(plane: ControlPlane) -> None:
    for process in reversed(plane._running):
        processes.end(process)
    plane._running.clear()


def _run(plane: ControlPlane, name: str, command: Sequence[str]) -> None:
    with (plane.folder / f"{name}.log").open("wb") as log:
        process = processes.start(
            command, environment={"PATH": ""}, stdout=log, stderr=log, death_signal=signal.SIGKILL
        )
    plane._running.append(process)


def _until_ready(plane: ControlPlane) -> None:
    end = time.monotonic() + _START_SECONDS
    certificate = plane.folder / "pki" / "apiserver.crt"
    while time.monotonic() < end:
        if certificate.is_file():
            plane.authority = certificate.read_text()
            try:
                plane.calls().client.request("GET", "/readyz")
                return
            except (Unreachable, ApiError):
                pass
        time.sleep(0.1)
    raise TimeoutError((plane.folder / "apiserver.log").read_text()[-3000:])


def _etcd_flags(folder: Path, port: int, peers: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
    return [
        f"--data-dir={folder / 'etcd'}", f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}", "--unsafe-no-fsync", "--log-level=error",
    ]  # fmt: skip


def _server_flags(folder: Path, etcd: int, port: int) -> list[str]:
    key = folder / "accounts.key"
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1", f"--secure-port={port}",
        "--advertise-address=127.0.0.1", f"--cert-dir={folder / 'pki'}", "--authorization-mode=RBAC",
        "--enable-admission-plugins=ResourceQuota,LimitRanger,PodSecurity", "--endpoint-reconciler-type=none",
        f"--token-auth-file={folder / 'tokens.csv'}", f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}", "--service-account-issuer=https://issuer.test",
        "--service-cluster-ip-range=10.96.0.0/16",
    ]  # fmt: skip


def _manager_flags(folder: Path) -> list[str]:
    return [
        f"--kubeconfig={folder / 'kubeconfig'}", f"--authentication-kubeconfig={folder / 'kubeconfig'}",
        f"--authorization-kubeconfig={folder / 'kubeconfig'}", "--leader-elect=false", "--secure-port=0",
        f"--service-account-private-key-file={folder / 'accounts.key'}",
        f"--root-ca-file={folder / 'pki' / 'apiserver.crt'}",
    ]  # fmt: skip


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
