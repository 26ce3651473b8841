"""The clusters of the local cloud as `kubectl` finds them, without credentials.

Whoever runs it enters as themselves: a token comes from `aws eks get-token`, as `aws eks update-kubeconfig`
would have it, and a context is named by the cluster's ARN as there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from prodfirst.kernel.paths import write_private
from prodfirst.localcloud.kubernetes.cluster import Cluster, Status

_FILE = "kubeconfig.json"


def write_kubeconfig(folder: Path, clusters: Iterable[Cluster]) -> Path:
    """Write the active clusters down, whose folders lie in `folder`; returns the file. JSON is YAML.

    Format: kubernetes.io/docs/reference/config-api/kubeconfig.v1.
    """
    active = [cluster for cluster in clusters if cluster.status is Status.ACTIVE]
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster.arn, "cluster": _where(folder, cluster)} for cluster in active],
        "users": [{"name": cluster.arn, "user": {"exec": _who(cluster)}} for cluster in active],
        "contexts": [
            {"name": cluster.arn, "context": {"cluster": cluster.arn, "user": cluster.arn}}
            for cluster in active
        ],
        "current-context": active[0].arn if active else "",
    }
    path, content = folder / _FILE, json.dumps(document).encode()
    if folder.is_dir() and not (path.exists() and path.read_bytes() == content):
        # two commands at once: each has a partial file of its own
        made = folder / f"{os.getpid()}.{_FILE}"
        write_private(made, content)
        made.replace(path)
    return path


def _where(folder: Path, cluster: Cluster) -> dict[str, str]:
    return {"server": cluster.endpoint, "certificate-authority": str(folder / cluster.id / "pki" / "ca.pem")}


def _who(cluster: Cluster) -> dict[str, object]:
    return {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["--region", cluster.region, "eks", "get-token", "--cluster-name", cluster.name,
                 "--output", "json"],
        "interactiveMode": "Never",
    }  # fmt: skip
