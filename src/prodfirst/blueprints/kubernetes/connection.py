"""The provider of a cluster, from the contract of the stack that made it.

Whoever runs the program enters as themselves: the kubeconfig holds no credentials, and asks for a token of
the run's own AWS identity as `aws eks update-kubeconfig` would have it.
"""

from __future__ import annotations

import json

import pulumi
import pulumi_kubernetes as k8s

from prodfirst.blueprints.blueprint import place
from prodfirst.contracts.program import Fields


def connect(cluster: Fields) -> k8s.Provider:
    """`cluster`: what its stack publishes; `name`, `endpoint` and `certificate_authority` are read."""
    region = place().region
    parts = {field: cluster[field] for field in ("name", "endpoint", "certificate_authority")}
    kubeconfig = pulumi.Output.all(**parts).apply(lambda known: json.dumps(_kubeconfig(region, **known)))
    return k8s.Provider("cluster", kubeconfig=kubeconfig)


def _kubeconfig(region: str, name: str, endpoint: str, certificate_authority: str) -> dict[str, object]:
    """JSON is YAML. Format: kubernetes.io/docs/reference/config-api/kubeconfig.v1."""
    arguments = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": arguments,
        "interactiveMode": "Never",
    }
    where = {"server": endpoint, "certificate-authority-data": certificate_authority}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": where}],
        "users": [{"name": name, "user": {"exec": command}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
