"""Access as an application's pods have it, on the local cloud: a process stands for one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.localcloud.kubernetes.cluster import Cluster, Status
from prodfirst.localcloud.kubernetes.standing_in import Kubelet, credentials
from prodfirst.localcloud.lifecycle import LocalCloud


def as_pod(cloud: LocalCloud, operator: AwsAccess, reach: Mapping[str, str], role: str) -> AwsAccess:
    """Access under a role by the token of a pod that has it. Raises Failure where no pod has."""
    running = cloud.status()
    for cluster in cloud.clusters():
        if running is None or cluster.status is not Status.ACTIVE or cluster.region != operator.region:
            continue
        for found in _associations(operator, cluster):
            if found["roleArn"] == role:
                kubelet = Kubelet(cluster, cloud.cluster_folder(cluster))
                token = kubelet.token(found["namespace"], found["serviceAccount"])
                taken = credentials(running.agent_url, token)
                return AwsAccess(operator.region, MappingProxyType({**reach, **taken}))
    name = role.rpartition("/")[2]
    fix = "apply the application's stack first"
    raise Failure(Problem(f"no pod has the role `{name}`", role, "no cluster associates it", fix))


def _associations(operator: AwsAccess, cluster: Cluster) -> Iterator[Mapping[str, Any]]:
    eks = operator.client("eks")
    for page in eks.get_paginator("list_pod_identity_associations").paginate(clusterName=cluster.name):
        for item in page["associations"]:
            given = {"clusterName": cluster.name, "associationId": item["associationId"]}
            yield eks.describe_pod_identity_association(**given)["association"]
