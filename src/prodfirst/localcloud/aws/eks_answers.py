"""EKS's answers: the API's records completed with what is true of the control plane."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from prodfirst.localcloud.aws import eks_records
from prodfirst.localcloud.aws.api import Response
from prodfirst.localcloud.aws.eks_rules import Refused
from prodfirst.localcloud.kubernetes.access import default_username
from prodfirst.localcloud.kubernetes.cluster import Cluster, Key, Status

_PLATFORM = "eks.1"


def answer(status: int, content: Mapping[str, Any]) -> Response:
    """In the protocol of EKS."""
    return Response(status, (("Content-Type", "application/json"),), json.dumps(content).encode())


def refusal(refused: Refused) -> Response:
    """In the protocol of EKS."""
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", refused.code))
    return Response(refused.status, headers, json.dumps({"message": str(refused)}).encode())


def complete_cluster(
    shown: dict[str, Any], settings: Mapping[str, Any], cluster: Cluster | None, authority: bytes, key: Key
) -> None:
    """Put into a cluster's record what its control plane says, and what was asked for.

    Endpoint, authority and issuer are there once the cluster is active, as at AWS.
    """
    for name, value in settings.items():
        old = shown.get(name)
        shown[name] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    shown["platformVersion"] = _PLATFORM
    _complete_network(shown["resourcesVpcConfig"], key)
    for name in ("endpoint", "identity"):
        shown.pop(name, None)
    shown["certificateAuthority"] = {}
    shown["status"] = cluster.status.value if cluster else Status.FAILED.value
    if cluster is None:
        return
    if cluster.reason:
        shown["health"] = {"issues": [{"code": "ClusterUnreachable", "message": cluster.reason}]}
    if cluster.status is Status.ACTIVE:
        shown["endpoint"] = cluster.endpoint
        shown["certificateAuthority"] = {"data": base64.b64encode(authority).decode()}
        shown["identity"] = {"oidc": {"issuer": cluster.issuer}}


def complete_entry(shown: dict[str, Any]) -> None:
    """The user name that EKS fills in."""
    shown["username"] = shown.get("username") or default_username(shown["principalArn"])


def _complete_network(network: dict[str, Any], key: Key) -> None:
    """The VPC follows from the subnets."""
    for subnet in network.get("subnetIds", ()):
        if vpc := eks_records.subnet_vpc(key.account, key.region, subnet):
            network["vpcId"] = vpc
            return
