"""What is kept of one cluster besides etcd's files: who it is, and how far it got."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from prodfirst.kernel.paths import write_private

_FILE = "cluster.json"
STARTING = "the control plane is being started"
"""The reason why one that was active does not answer yet."""


class Status(StrEnum):
    """EKS's words (API reference, Cluster)."""

    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a cluster the one that is meant."""

    account: str
    region: str
    name: str

    def __str__(self) -> str:
        return f"cluster `{self.name}` in {self.region}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster; `id` is never used again, also where the name is."""

    id: str
    """32 upper-case hexadecimal digits, as in EKS's issuer URLs."""
    account: str
    region: str
    name: str
    service_range: str
    status: Status = Status.CREATING
    reason: str = ""
    """Why it failed, or what is the matter with it now; empty where all is well."""
    port: int = 0
    """Of the API server on 127.0.0.1; kept, so that a kubeconfig stays true."""

    @property
    def key(self) -> Key:
        """Account, region and name."""
        return Key(self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """Of the EKS cluster."""
        return f"arn:aws:eks:{self.region}:{self.account}:cluster/{self.name}"

    @property
    def issuer_host(self) -> str:
        """The issuer without its scheme."""
        return f"oidc.eks.{self.region}.amazonaws.com/id/{self.id}"

    @property
    def issuer(self) -> str:
        """Of its service account tokens."""
        return f"https://{self.issuer_host}"

    @property
    def endpoint(self) -> str:
        """The API server's URL; empty where it never listened."""
        return f"https://127.0.0.1:{self.port}" if self.port else ""


def new_id() -> str:
    """An id for a new cluster."""
    return secrets.token_hex(16).upper()


def save(cluster: Cluster, folder: Path) -> None:
    """Write it into the cluster's folder, whole or not at all."""
    write_private(folder / _FILE, json.dumps(asdict(cluster)).encode())


def read_all(folder: Path) -> tuple[Cluster, ...]:
    """All clusters below `folder`, by name."""
    found = []
    for path in folder.glob(f"*/{_FILE}"):
        data = json.loads(path.read_text())
        found.append(Cluster(**{**data, "status": Status(data["status"])}))
    return tuple(sorted(found, key=lambda cluster: (cluster.name, cluster.id)))
