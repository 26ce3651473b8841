"""Roles that services of AWS take on for a stack's resources: a cluster's own, its nodes', its pods'.

Stacks make no roles. What a stack's lock passes to a service (`iam:PassRole`) below the environment's path is
what the identity stack makes for it, so that nobody declares it twice. What such a role may do is AWS's own
managed policy for the purpose; of a workload it is the lock's section `workload`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.kernel.role_names import SERVICE_FOLDER
from prodfirst.permissions.aws.documents import workload_documents
from prodfirst.permissions.ground_aws import Ground, GroundStack
from prodfirst.permissions.lock import Lock
from prodfirst.permissions.policies import Policy, policy


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a role is for, told by the type of the resource that it is passed with."""

    principal: str
    """The service that takes it on; not always the one that it is passed to."""
    actions: tuple[str, ...] = ("sts:AssumeRole",)
    managed: tuple[str, ...] = ()
    """Names of AWS's own managed policies."""


WORKLOAD = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
PURPOSES: Mapping[str, Purpose] = {
    # EKS user guide, "Amazon EKS cluster IAM role" and "Amazon EKS node IAM role"
    "aws:eks/cluster:Cluster": Purpose("eks.amazonaws.com", managed=("AmazonEKSClusterPolicy",)),
    "aws:eks/nodeGroup:NodeGroup": Purpose(
        "ec2.amazonaws.com",
        managed=("AmazonEC2ContainerRegistryReadOnly", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"),
    ),
    # EKS user guide, "EKS Pod Identity role": the session carries tags of its pod
    WORKLOAD: Purpose("pods.eks.amazonaws.com", ("sts:AssumeRole", "sts:TagSession")),
}
"""Type → purpose."""


@dataclass(frozen=True, slots=True)
class ServiceRole:
    """One role as it must be."""

    name: str
    purpose: Purpose
    trust: Policy
    managed: tuple[str, ...]
    """ARNs."""
    policies: tuple[Policy, ...] = ()


def service_roles(ground: Ground, stack: GroundStack, lock: Lock) -> Iterator[ServiceRole]:
    """Those that a stack's lock passes, sorted by name. A role of another stack is that one's to make."""
    facts = ground.facts
    own = f"arn:aws:iam::{ground.account}:role{ground.path}{SERVICE_FOLDER}{ground.name(stack.name)}-"
    found: dict[str, Purpose] = {}
    for item in lock.phase("apply"):
        if "iam:PassRole" not in item.actions or not item.holds_in(ground.environment):
            continue
        purposes = [PURPOSES[reason.type] for reason in item.reasons if reason.type in PURPOSES]
        for arn in map(facts.fill, item.resources):
            if purposes and arn.startswith(own):
                found[arn.rpartition("/")[2]] = purposes[0]
    for name, purpose in sorted(found.items()):
        yield ServiceRole(
            name,
            purpose,
            _trust(purpose, ground.account),
            tuple(map(managed_arn, purpose.managed)),
            workload_documents(lock, facts) if purpose is PURPOSES[WORKLOAD] else (),
        )


def managed_arn(name: str) -> str:
    """Of one of AWS's own policies."""
    return f"arn:aws:iam::aws:policy/{name}"


MANAGED = tuple(sorted({managed_arn(name) for item in PURPOSES.values() for name in item.managed}))
"""ARNs of all that the identity stack may attach, to service roles alone."""


def _trust(purpose: Purpose, account: str) -> Policy:
    statement: dict[str, Any] = {
        "Sid": "Service",
        "Effect": "Allow",
        "Principal": {"Service": purpose.principal},
        "Action": list(purpose.actions),
    }
    if purpose.principal != "ec2.amazonaws.com":  # which sends no source account for an instance profile
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    return policy(statement)
