"""What a boundary lets through at most: even a role with every permission does no more."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from prodfirst.access.aws.deciding import decide
from prodfirst.access.aws.documents import Document, parse
from prodfirst.access.aws.policies import Policies
from prodfirst.access.aws.requests import Principal, PrincipalKind, Request, context
from prodfirst.permissions.contracts_aws import ContractObjects
from prodfirst.permissions.identity_aws import (
    identity_alarm_policy,
    identity_apply_policy,
    identity_plan_policy,
)
from prodfirst.permissions.limits_aws import (
    Realm,
    break_glass_boundary,
    identity_boundary,
    people_boundary,
    stack_boundary,
)
from prodfirst.permissions.policies import Policy, policy, text
from prodfirst.permissions.state_aws import KeyScope, StateLocation

_ACCOUNT = "111122223333"
_PATH = "/prodfirst/acme/local/"
_IAM = f"arn:aws:iam::{_ACCOUNT}"
_EC2 = f"arn:aws:ec2:eu-central-1:{_ACCOUNT}"
_SSM = f"arn:aws:ssm:eu-central-1:{_ACCOUNT}:parameter/prodfirst/acme"
_KEY = f"arn:aws:kms:eu-central-1:{_ACCOUNT}:key/1"
_STATE = "arn:aws:s3:::acme-state/.pulumi"
_EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def _realm(stack: str) -> Realm:
    return Realm(_ACCOUNT, _PATH, stack, f"acme-local-{stack}")


def _location(stack: str) -> StateLocation:
    return StateLocation("acme-state", "", f"acme-{stack}", "local", KeyScope(_KEY, {}))


def _contracts(stack: str) -> ContractObjects:
    return ContractObjects(f"{_SSM}/local/{stack}/*", ())


_SHOP = stack_boundary(_realm("shop"), _location("shop"), _contracts("shop"))
_IDENTITY = identity_boundary(_realm("identity"), _location("identity"), _contracts("identity"))
_APPLY = identity_apply_policy(_realm("identity"), _location("identity"), _contracts("identity"))
_ALARM = identity_alarm_policy(_realm("identity"), _location("identity"))
_PLAN = identity_plan_policy(_location("identity"), _contracts("identity"))
_PEOPLE = people_boundary(_location("identity"))


def _tagged(stack: str, purpose: str = "") -> dict[str, str]:
    tags = {"aws:ResourceTag/prodfirst:stack": stack}
    return tags | ({"aws:ResourceTag/prodfirst:purpose": purpose} if purpose else {})


def _allowed(
    limit: Policy, action: str, resource: str, keys: Mapping[str, str], role: Policy = _EVERYTHING
) -> bool:
    who = Principal(PrincipalKind.SESSION, "arn:aws:sts::1:assumed-role/r/s", _ACCOUNT, role=f"{_IAM}:role/r")

    def document(name: str, policy: Policy) -> Document:
        return parse(name, json.loads(text(policy)))

    policies = Policies(identity=(document("role", role),), boundary=document("boundary", limit))
    return decide(Request(who, action, resource, context(keys)), policies).allowed


_OF_A_STACK: list[tuple[str, str, Mapping[str, str], bool]] = [
    ("s3:GetObject", f"{_STATE}/stacks/acme-shop/local.json", {}, True),
    ("s3:PutObject", f"{_STATE}/locks/organization/acme-shop/local/1.json", {}, True),
    ("s3:GetObject", f"{_STATE}/meta.yaml", {}, True),
    ("s3:GetObject", f"{_STATE}/stacks/acme-network/local.json", {}, False),
    ("s3:GetObject", f"{_STATE}/history/acme-network/local/1.json", {}, False),
    ("s3:GetObject", f"{_STATE}/stacks/acme-shop/local-2.json", {}, False),
    ("s3:PutBucketPolicy", "arn:aws:s3:::acme-state", {}, False),
    ("s3:CreateBucket", "arn:aws:s3:::acme-local-shop-data", {}, True),
    ("ssm:PutParameter", f"{_SSM}/local/shop/url", {}, True),
    ("ssm:PutParameter", f"{_SSM}/local/network/vpc_id", {}, False),
    ("ssm:GetParameter", f"{_SSM}/local/network/vpc_id", {}, True),
    ("ssm:GetParameter", f"{_SSM}/staging/network/vpc_id", {}, False),
    ("ssm:PutParameter", f"arn:aws:ssm:eu-central-1:{_ACCOUNT}:parameter/shop", {}, True),
    ("ec2:DeleteVpc", f"{_EC2}:vpc/v", _tagged("shop"), True),
    ("ec2:DeleteVpc", f"{_EC2}:vpc/v", _tagged("network"), False),
    ("ec2:DeleteVpc", f"{_EC2}:vpc/v", {}, True),
    ("ec2:CreateSecurityGroup", f"{_EC2}:vpc/v", _tagged("network"), True),
    ("kms:Decrypt", _KEY, _tagged("shop", "state"), True),
    ("kms:Decrypt", _KEY, _tagged("network", "state"), False),
    ("kms:DescribeKey", _KEY, _tagged("network", "state"), False),
    ("kms:ScheduleKeyDeletion", _KEY, _tagged("network"), False),
    ("kms:CreateGrant", _KEY, _tagged("network"), True),
    ("iam:CreateRole", f"{_IAM}:role{_PATH}new", {}, False),
    ("iam:PutRolePolicy", f"{_IAM}:role{_PATH}acme-local-shop-apply", {}, False),
    ("iam:DeleteRolePermissionsBoundary", f"{_IAM}:role{_PATH}acme-local-shop-apply", {}, False),
    ("iam:CreatePolicyVersion", f"{_IAM}:policy{_PATH}boundary/acme-local-boundary-shop", {}, False),
    ("iam:PassRole", f"{_IAM}:role{_PATH}acme-local-network-apply", {}, False),
    ("iam:PassRole", f"{_IAM}:role{_PATH}service/acme-local-cluster", {}, True),
    ("iam:CreateUser", f"{_IAM}:user/u", {}, False),
    ("sts:AssumeRole", f"{_IAM}:role{_PATH}acme-local-network-apply", {}, False),
    ("organizations:LeaveOrganization", "*", {}, False),
    ("lambda:CreateFunction", "*", {}, False),
]


@pytest.mark.parametrize(("action", "resource", "keys", "allowed"), _OF_A_STACK)
def test_a_stacks_boundary_keeps_to_the_stack(
    action: str, resource: str, keys: Mapping[str, str], allowed: bool
) -> None:
    assert _allowed(_SHOP, action, resource, keys) is allowed


_BOUNDED = {"iam:PermissionsBoundary": f"{_IAM}:policy{_PATH}boundary/acme-local-boundary-shop"}
_ALARM_KEY = {"aws:RequestTag/prodfirst:stack": "identity", "aws:RequestTag/prodfirst:purpose": "alarm"}
_OF_IDENTITY: list[tuple[str, str, Mapping[str, str], bool]] = [
    ("iam:CreateRole", f"{_IAM}:role{_PATH}acme-local-shop-apply", _BOUNDED, True),
    ("iam:CreateRole", f"{_IAM}:role{_PATH}acme-local-shop-apply", {}, False),
    ("iam:CreateRole", f"{_IAM}:role{_PATH}x", {"iam:PermissionsBoundary": f"{_IAM}:policy/mine"}, False),
    ("iam:CreateRole", f"{_IAM}:role/elsewhere", _BOUNDED, False),
    ("iam:PutRolePolicy", f"{_IAM}:role{_PATH}acme-local-shop-apply", {}, True),
    ("iam:PutRolePolicy", f"{_IAM}:role{_PATH}acme-local-identity-apply", {}, False),
    ("iam:UpdateAssumeRolePolicy", f"{_IAM}:role{_PATH}acme-local-identity-plan", {}, False),
    ("iam:PutRolePermissionsBoundary", f"{_IAM}:role{_PATH}acme-local-identity-apply", _BOUNDED, False),
    ("iam:DeleteRolePermissionsBoundary", f"{_IAM}:role{_PATH}acme-local-shop-apply", {}, False),
    ("iam:CreatePolicyVersion", f"{_IAM}:policy{_PATH}boundary/acme-local-boundary-shop", {}, False),
    ("iam:DeletePolicy", f"{_IAM}:policy{_PATH}boundary/acme-local-boundary-identity", {}, False),
    ("iam:CreatePolicy", f"{_IAM}:policy{_PATH}acme-local-shop-apply-1", {}, True),
    ("iam:AttachRolePolicy", f"{_IAM}:role{_PATH}acme-local-shop-apply",
     {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}, False),
    ("iam:AttachRolePolicy", f"{_IAM}:role{_PATH}acme-local-shop-apply",
     {"iam:PolicyARN": f"{_IAM}:policy{_PATH}acme-local-shop-apply-1"}, True),
    ("iam:AttachRolePolicy", f"{_IAM}:role{_PATH}service/acme-local-cluster-nodes",
     {"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"}, True),
    ("iam:AttachRolePolicy", f"{_IAM}:role{_PATH}acme-local-shop-apply",
     {"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"}, False),
    ("iam:AttachRolePolicy", f"{_IAM}:role{_PATH}service/acme-local-cluster-nodes",
     {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}, False),
    ("iam:CreateUser", f"{_IAM}:user/u", {}, False),
    ("iam:CreateAccessKey", f"{_IAM}:user/u", {}, False),
    ("iam:AddClientIDToOpenIDConnectProvider", f"{_IAM}:oidc-provider/x", {}, False),
    ("iam:ListRoles", "*", {}, True),
    ("sns:CreateTopic", f"arn:aws:sns:eu-central-1:{_ACCOUNT}:acme-local-identity-alarm", {}, True),
    ("sns:DeleteTopic", f"arn:aws:sns:eu-central-1:{_ACCOUNT}:billing", {}, False),
    ("kms:CreateKey", "*", _ALARM_KEY, True),
    ("kms:CreateKey", "*", {}, False),
    ("kms:TagResource", _KEY, _ALARM_KEY, True),
    ("kms:TagResource", _KEY, {**_ALARM_KEY, **_tagged("shop", "state")}, False),
    ("kms:ScheduleKeyDeletion", _KEY, _tagged("identity", "alarm"), True),
    ("kms:ScheduleKeyDeletion", _KEY, _tagged("identity", "state"), False),
    ("kms:PutKeyPolicy", _KEY, _tagged("shop", "alarm"), False),
    ("sts:AssumeRole", f"{_IAM}:role{_PATH}acme-local-shop-apply", {}, False),
    ("s3:GetObject", f"{_STATE}/stacks/acme-shop/local.json", {}, False),
    ("ec2:DeleteVpc", f"{_EC2}:vpc/v", {}, False),
]  # fmt: skip


@pytest.mark.parametrize(("action", "resource", "keys", "allowed"), _OF_IDENTITY)
def test_identity_makes_bounded_roles_and_loosens_no_boundary(
    action: str, resource: str, keys: Mapping[str, str], allowed: bool
) -> None:
    both = policy(*_APPLY["Statement"], *_ALARM["Statement"])
    assert _allowed(_IDENTITY, action, resource, keys, both) is allowed
    if not allowed and action.startswith("iam:Put"):
        # nor could it with any other policy on it
        assert not _allowed(_IDENTITY, action, resource, keys)


def test_identitys_plan_reads_and_changes_nothing() -> None:
    role = f"{_IAM}:role{_PATH}acme-local-shop-apply"
    assert _allowed(_IDENTITY, "iam:GetRole", role, {}, _PLAN)
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:TagRole", "iam:DeleteRole"):
        assert not _allowed(_IDENTITY, action, role, _BOUNDED, _PLAN)


@pytest.mark.parametrize(
    ("action", "resource", "keys", "allowed"),
    [
        ("rds:ModifyDBCluster", "*", {}, True),
        ("s3:GetObject", f"{_STATE}/stacks/acme-shop/local.json", {}, False),
        ("kms:Decrypt", _KEY, _tagged("shop", "state"), False),
        ("kms:Decrypt", _KEY, _tagged("shop"), True),
        ("ssm:PutParameter", f"{_SSM}/local/shop/url", {}, False),
        ("iam:ListRoles", "*", {}, True),
        ("iam:AttachRolePolicy", f"{_IAM}:role{_PATH}acme-local.team-shop", {}, False),
        ("iam:CreateAccessKey", f"{_IAM}:user/u", {}, False),
        ("sts:AssumeRole", f"{_IAM}:role{_PATH}acme-local-shop-apply", {}, False),
    ],
)
def test_people_administer_resources_and_nothing_of_ours(
    action: str, resource: str, keys: Mapping[str, str], allowed: bool
) -> None:
    assert _allowed(_PEOPLE, action, resource, keys) is allowed


def test_break_glass_opens_everything_but_identities() -> None:
    limit = break_glass_boundary()
    assert _allowed(limit, "s3:GetObject", f"{_STATE}/stacks/acme-shop/local.json", {})
    assert _allowed(limit, "ec2:DeleteVpc", f"{_EC2}:vpc/v", _tagged("network"))
    assert not _allowed(limit, "iam:PutRolePolicy", f"{_IAM}:role{_PATH}acme-local.break-glass", {})
    assert not _allowed(limit, "sts:AssumeRole", f"{_IAM}:role{_PATH}acme-local-shop-apply", {})


@pytest.mark.parametrize(
    "policy",
    [_SHOP, _IDENTITY, _PEOPLE, break_glass_boundary(), _APPLY, _ALARM, _PLAN],
    ids=lambda _: "policy",
)
def test_each_fits_into_a_policy_of_aws(policy: Policy) -> None:
    """6,144 characters without white space (AWS, IAM quotas)."""
    assert len(text(policy)) <= 6144
