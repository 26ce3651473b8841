"""What the AWS API holds of EKS, read where it holds it: inside this process (ministack 1.5.33, pinned)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prodfirst.localcloud.kubernetes.access import AccessEntry, PolicyAssociation
from prodfirst.localcloud.kubernetes.cluster import Key

Record = Mapping[str, Any]


def clusters() -> Mapping[Key, Record]:
    """All clusters, of all regions."""
    from ministack.services import eks

    return {Key(*scoped): dict(record) for scoped, record in eks._clusters.all_items()}


def access_entries(key: Key) -> tuple[AccessEntry, ...]:
    """The access entries of a cluster, with their policies."""
    from ministack.services import eks

    policies: dict[str, list[PolicyAssociation]] = {}
    for (principal, policy), record in _children(eks._access_policies, key):
        scope = record["accessScope"]
        namespaces = tuple(scope["namespaces"]) if scope["type"] == "namespace" else ()
        policies.setdefault(principal, []).append(PolicyAssociation(policy.rpartition("/")[2], namespaces))
    return tuple(
        AccessEntry(
            principal=principal,
            username=record["username"],
            groups=tuple(record["kubernetesGroups"]),
            policies=tuple(policies.get(principal, ())),
        )
        for (principal,), record in _children(eks._access_entries, key)
    )


def pod_identity_associations(key: Key) -> tuple[Record, ...]:
    """The EKS Pod Identity associations of a cluster."""
    from ministack.services import eks

    return tuple(dict(record) for _, record in _children(eks._pod_identity_associations, key))


def has_nodegroups(key: Key) -> bool:
    """Whether the cluster has managed node groups."""
    from ministack.services import eks

    return any(
        (account, region) == (key.account, key.region) and name.startswith(f"{key.name}/")
        for (account, region, name), _ in eks._nodegroups.all_items()
    )


def nodegroup(key: Key, name: str) -> dict[str, Any]:
    """The record of a node group itself, to be changed; an empty one where there is none."""
    from ministack.services import eks

    found: dict[str, Any] | None = eks._nodegroups.get_scoped(key.account, key.region, f"{key.name}/{name}")
    return found if found is not None else {}


def subnet_vpc(account: str, region: str, subnet: str) -> str:
    """The VPC of a subnet; empty where there is no such subnet."""
    from ministack.services import ec2

    record = ec2._subnets.get_scoped(account, region, subnet)
    return str(record["VpcId"]) if record else ""


def _children(store: Any, key: Key) -> Iterator[tuple[tuple[str, ...], Record]]:
    """The rest of each child's name, and its record."""
    for (account, region, name), record in store.all_items():
        cluster, *rest = name.split("\0")
        if (account, region, cluster) == (key.account, key.region, key.name):
            yield tuple(rest), record
