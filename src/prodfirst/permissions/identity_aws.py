"""What the identity stack's own plan and apply identity may do on AWS: make roles, within boundaries."""

from __future__ import annotations

from typing import Any

from prodfirst.permissions.break_glass_aws import alarm_key
from prodfirst.permissions.contracts_aws import ContractObjects, contract_statements
from prodfirst.permissions.limits_aws import Realm, unmovable
from prodfirst.permissions.policies import Policy, policy, statement
from prodfirst.permissions.service_roles_aws import MANAGED
from prodfirst.permissions.state_aws import StateLocation, state_statements

_KEY_CHANGES = ("DisableKeyRotation", "EnableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion",
                "UpdateKeyDescription")  # fmt: skip


def identity_plan_policy(location: StateLocation, contracts: ContractObjects) -> Policy:
    """Reads all identities of the account: drift must see what somebody added."""
    return policy(
        *state_statements(location, write=False),
        *contract_statements(contracts, write=False),
        *_reads(),
    )


def identity_apply_policy(realm: Realm, location: StateLocation, contracts: ContractObjects) -> Policy:
    """Makes roles only with a boundary of the environment attached, and edits none of these."""
    roles, policies = realm.roles, f"arn:aws:iam::{realm.account}:policy{realm.path}*"
    return policy(
        *state_statements(location, write=True),
        *contract_statements(contracts, write=True),
        *_reads(),
        statement(
            "MakeBoundedRoles",
            ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
            [roles],
            condition={"ArnLike": {"iam:PermissionsBoundary": realm.boundaries}},
        ),
        statement("ChangeRoles", [f"iam:{action}" for action in _ROLE_CHANGES], [roles]),
        statement(
            "AttachPolicies",
            ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            [roles],
            condition={"ArnLike": {"iam:PolicyARN": policies}},
        ),
        statement(
            "AttachServicePolicies",
            ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            [realm.service_roles[0]],
            condition={"ArnEquals": {"iam:PolicyARN": list(MANAGED)}},
        ),
        statement("Policies", [f"iam:{action}" for action in _POLICY_CHANGES], [policies]),
        *unmovable(realm),
    )


def identity_alarm_policy(realm: Realm, location: StateLocation) -> Policy:
    """What the apply identity holds besides: it makes the alarm on break-glass."""
    names = f"{realm.prefix}-*"
    return policy(
        statement("Topics", ["sns:*"], [f"arn:aws:sns:*:{realm.account}:{names}"]),
        statement("Rules", ["events:*"], [f"arn:aws:events:*:{realm.account}:rule/{names}"]),
        *alarm_key(location.key.tags, [f"kms:{name}" for name in _KEY_CHANGES], location.key.pattern),
    )


_ROLE_CHANGES = ("DeleteRole", "DeleteRolePolicy", "PutRolePolicy", "TagRole", "UntagRole",
                 "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription")  # fmt: skip
_POLICY_CHANGES = ("CreatePolicy", "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion",
                   "TagPolicy", "UntagPolicy")  # fmt: skip


def _reads() -> list[dict[str, Any]]:
    actions = ["events:Describe*", "events:List*", "iam:Get*", "iam:List*", "kms:DescribeKey",
               "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListKeys", "kms:ListResourceTags",
               "sns:Get*", "sns:List*"]  # fmt: skip
    return [statement("Read", actions, ["*"])]
