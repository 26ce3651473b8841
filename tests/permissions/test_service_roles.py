"""What a stack's lock passes to a service is what identity makes for it, and no more."""

from __future__ import annotations

from permission_layouts import ACCOUNTS, lock, resource

from prodfirst.permissions.ground_aws import Ground, GroundStack
from prodfirst.permissions.service_roles_aws import ServiceRole, service_roles

_PATH = f"arn:aws:iam::{ACCOUNTS['staging']}:role/prodfirst/acme/staging/service"


def _made(role: str) -> tuple[ServiceRole, ...]:
    stack = GroundStack("shop", "infrastructure", "platform", "acme-shop", ())
    ground = Ground(
        "acme", "staging", ACCOUNTS["staging"], "eu-central-1", "acme/estate", "b", "", None, (stack,), {}
    )
    cluster = resource("aws:eks/cluster:Cluster", "main", name="main", roleArn=role)
    return tuple(service_roles(ground, stack, lock(cluster)))


def test_a_role_that_a_cluster_is_given_is_made_for_eks_of_this_account() -> None:
    (role,) = _made(f"{_PATH}/acme-staging-shop-control-plane")
    assert role.name == "acme-staging-shop-control-plane"
    (statement,) = role.trust["Statement"]
    assert statement["Principal"] == {"Service": "eks.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNTS["staging"]}}
    assert role.managed == ("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",)


def test_a_role_of_another_stack_or_from_elsewhere_is_not_made() -> None:
    assert _made(f"{_PATH}/acme-staging-network-control-plane") == ()
    assert _made(f"arn:aws:iam::{ACCOUNTS['staging']}:role/acme-staging-shop-control-plane") == ()
