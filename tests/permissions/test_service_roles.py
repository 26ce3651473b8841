"""What a stack's lock passes to a service is what identity makes for it, and no more."""

from __future__ import annotations

import json
from dataclasses import replace

from permission_layouts import ACCOUNTS, ROLE, estate, lock, resource

from prodfirst.access.aws.deciding import decide
from prodfirst.access.aws.documents import parse
from prodfirst.access.aws.policies import Policies
from prodfirst.access.aws.requests import Request, context
from prodfirst.permissions.ground_aws import Ground, GroundStack
from prodfirst.permissions.lock import text_of
from prodfirst.permissions.service_roles_aws import WORKLOAD, ServiceRole, service_roles
from prodfirst.permissions.workload_aws import APPLICATION

_PATH = f"arn:aws:iam::{ACCOUNTS['staging']}:role/prodfirst/acme/staging/service"


_STACK = GroundStack("shop", "infrastructure", "platform", "acme-shop", ())
_GROUND = Ground(
    "acme", "staging", ACCOUNTS["staging"], "eu-central-1", "acme/estate", "b", "", None, (_STACK,), {}
)


def _made(role: str) -> tuple[ServiceRole, ...]:
    cluster = resource("aws:eks/cluster:Cluster", "main", name="main", roleArn=role)
    return tuple(service_roles(_GROUND, _STACK, lock(cluster)))


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


def test_pods_get_a_role_that_reads_the_secrets_that_their_program_names_and_no_others() -> None:
    place = estate(reads={"network": ["credentials"]})
    role = f"{_PATH}/acme-staging-shop-workload"
    pods = resource(
        WORKLOAD, "shop", clusterName="main", namespace="shop", serviceAccount="shop", roleArn=role
    )
    program = replace(
        resource(APPLICATION, "shop", secrets=[["network", "credentials"], ["identity", "key"]]), custom=False
    )
    (made,) = tuple(service_roles(_GROUND, _STACK, lock(pods, program, of=place)))
    (document,) = made.policies

    def reads(arn: str, keys: dict[str, str]) -> bool:
        request = Request(ROLE, "secretsmanager:GetSecretValue", arn, context(keys))
        return decide(request, Policies(identity=(parse("p", document),))).allowed

    head = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNTS['staging']}:secret:"
    database = f"arn:aws:rds:eu-central-1:{ACCOUNTS['staging']}:cluster:acme-staging"
    tag = "aws:ResourceTag/aws:rds:primaryDBClusterArn"
    assert reads(f"{head}acme-staging-network-credentials-AbCdEf", {})
    assert reads(f"{head}rds!cluster-1-AbCdEf", {tag: f"{database}-network-main"})
    assert not reads(f"{head}rds!cluster-2-AbCdEf", {tag: f"{database}-other-main"})
    assert not reads(f"{head}rds!cluster-3-AbCdEf", {})
    assert not reads(f"{head}acme-staging-identity-key-AbCdEf", {})
    (statement,) = made.trust["Statement"]
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}


def test_a_lock_without_pods_has_no_section_for_them() -> None:
    cluster = resource("aws:eks/cluster:Cluster", "main", name="main", roleArn=f"{_PATH}/x")
    assert "workload" not in json.loads(text_of(lock(cluster)))
