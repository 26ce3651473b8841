"""Boundaries on AWS: the most that an identity can ever do, whatever policies somebody attaches to it.

One policy for each stack, made by bootstrap and out of reach of every identity that it limits. It grants
nothing. What is the stack's own is told by name (state, contracts) or by tag (keys, resources).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prodfirst.permissions.break_glass_aws import alarm_key
from prodfirst.permissions.contracts_aws import ContractObjects
from prodfirst.permissions.policies import Policy, policy, statement
from prodfirst.permissions.state_aws import StateLocation

OWNER_TAG = "aws:ResourceTag/prodfirst:stack"
_PURPOSE_TAG = "aws:ResourceTag/prodfirst:purpose"
_SERVICES = ("ec2", "eks", "kms", "logs", "rds", "secretsmanager")
_SINGLE = ("route53:AssociateVPCWithHostedZone",)
"""Of services that no stack else works with: VPC endpoints with private DNS."""
_CHANGES = {
    "ec2": ("Associate", "Attach", "Authorize", "Delete", "Detach", "Disassociate", "Modify", "Reboot",
            "Replace", "Revoke", "Start", "Stop", "Terminate"),
    "eks": ("Associate", "Delete", "Disassociate", "TagResource", "Untag", "Update"),
    "kms": ("Cancel", "Delete", "Disable", "Enable", "Put", "Retire", "Revoke", "Schedule", "Tag",
            "Untag", "Update"),
    "rds": ("Add", "Apply", "Delete", "Failover", "Modify", "Reboot", "Remove", "Reset", "Restore", "Start",
            "Stop"),
    "secretsmanager": ("Cancel", "Delete", "Put", "Remove", "Replicate", "Restore", "Rotate", "Stop", "Tag",
                       "Untag", "Update"),
}  # fmt: skip
"""Beginnings of actions that change what is there. Naming another's resource, as a group of a network does,
or having a service use its key (`kms:CreateGrant`) is no change of it."""
_ACCOUNT = ("account:*", "organizations:*")
_SESSIONS = ("sts:AssumeRole*", "sts:GetFederationToken", "sts:GetSessionToken", "sts:TagSession")
_VERBS = ("Add", "Attach", "Create", "Deactivate", "Delete", "Detach", "Enable", "Put", "Remove", "Reset",
          "Set", "Tag", "Untag", "Update", "Upload")  # fmt: skip
_IAM_CHANGES = [f"iam:{verb}*" for verb in _VERBS] + ["iam:PassRole"]
_USER_CHANGES = [f"iam:{verb}*{kind}*" for verb in ("Add", "Attach", "Create", "Put", "Update")
                 for kind in ("AccessKey", "Group", "LoginProfile", "Provider", "User")]  # fmt: skip
"""Long-lived credentials, and identity providers, which are bootstrap's."""
_SSM_CHANGES = [f"ssm:{verb}*" for verb in ("Add", "Delete", "Label", "Put", "Remove", "Unlabel")]


@dataclass(frozen=True, slots=True)
class Realm:
    """Where the identities of one environment of an estate live in IAM, and what is theirs."""

    account: str
    path: str
    """Of roles and policies, such as `/prodfirst/acme/local/`."""
    stack: str
    """The stack that the boundary is for."""
    prefix: str
    """What the names of its roles begin with."""

    @property
    def roles(self) -> str:
        """Every role of the environment."""
        return f"arn:aws:iam::{self.account}:role{self.path}*"

    @property
    def boundaries(self) -> str:
        """Every boundary of the environment."""
        return f"arn:aws:iam::{self.account}:policy{self.path}boundary/*"

    @property
    def own_roles(self) -> tuple[str, str]:
        """The roles of the stack itself."""
        roles = f"arn:aws:iam::{self.account}:role{self.path}{self.prefix}"
        return f"{roles}-apply", f"{roles}-plan"

    @property
    def service_roles(self) -> tuple[str, str]:
        """Roles that services of AWS take on for a stack's resources, and those that they make themselves."""
        linked = f"arn:aws:iam::{self.account}:role/aws-service-role/*"
        return f"arn:aws:iam::{self.account}:role{self.path}service/*", linked


def stack_boundary(realm: Realm, location: StateLocation, contracts: ContractObjects) -> Policy:
    """Of the plan and apply identity of a stack outside the identity layer."""
    return policy(
        statement("Work", [*(f"{service}:*" for service in _SERVICES), *_SINGLE], ["*"]),
        *own_things(location, contracts),
        statement("UseServiceRoles", ["iam:GetRole", "iam:PassRole"], [realm.service_roles[0]]),
        statement("LinkedRoles", ["iam:CreateServiceLinkedRole"], [realm.service_roles[1]]),
        _except("NoIdentities", ["iam:*"], realm.service_roles),
        statement("NoOtherRole", [*_ACCOUNT, *_SESSIONS], ["*"], effect="Deny"),
        *foreign_things(realm.stack),
    )


def identity_boundary(realm: Realm, location: StateLocation, contracts: ContractObjects) -> Policy:
    """Of the identity stack's own roles: they make identities, and cannot loosen what holds these."""
    return policy(
        *own_things(location, contracts),
        statement("Identities", ["iam:*"], ["*"]),
        statement("Alarms", ["events:*", "kms:ListKeys", "sns:*"], ["*"]),
        *alarm_key({OWNER_TAG.partition("/")[2]: realm.stack}, ["kms:*"], "*"),
        statement("StateKey", ["kms:Decrypt"], [location.key.pattern], condition=location.key.condition),
        statement("NoOtherRole", [*_ACCOUNT, *_SESSIONS], ["*"], effect="Deny"),
        *unmovable(realm),
    )


def people_boundary(location: StateLocation) -> Policy:
    """Of team roles: they administer resources. State, contracts and identities are for the stacks' own."""
    bucket = f"arn:aws:s3:::{location.bucket}"
    key = {"StringEquals": {_PURPOSE_TAG: "state"}}
    return policy(
        statement("Work", ["*"], ["*"]),
        statement("NoState", ["s3:*"], [bucket, f"{bucket}/*"], effect="Deny"),
        statement("NoStateKeys", ["kms:*"], ["*"], effect="Deny", condition=key),
        statement("NoContracts", _SSM_CHANGES, ["arn:aws:ssm:*:*:parameter/prodfirst/*"], effect="Deny"),
        statement("NoIdentities", _IAM_CHANGES, ["*"], effect="Deny"),
        statement("NoOtherRole", [*_ACCOUNT, *_SESSIONS], ["*"], effect="Deny"),
    )


def service_boundary(location: StateLocation) -> Policy:
    """Of roles that services and pods take on: what people may reach at most, and no identity at all."""
    return people_boundary(location)


def break_glass_boundary() -> Policy:
    """Of the break-glass role: everything but identities, which only bootstrap repairs."""
    return policy(
        statement("Work", ["*"], ["*"]),
        statement("NoIdentities", _IAM_CHANGES, ["*"], effect="Deny"),
        statement("NoOtherRole", [*_ACCOUNT, *_SESSIONS], ["*"], effect="Deny"),
    )


def unmovable(realm: Realm) -> list[dict[str, Any]]:
    """No boundary is edited or taken off, and the identity stack's own roles stay as bootstrap made them."""
    policies = [f"iam:{verb}" for verb in ("CreatePolicy*", "DeletePolicy*", "SetDefaultPolicyVersion",
                                           "TagPolicy", "UntagPolicy")]  # fmt: skip
    return [
        statement("NoBoundaries", policies, [realm.boundaries], effect="Deny"),
        statement("NoUnbounding", ["iam:DeleteRolePermissionsBoundary"], ["*"], effect="Deny"),
        statement("NotItself", _IAM_CHANGES, list(realm.own_roles), effect="Deny"),
        statement("NoUsers", _USER_CHANGES, ["*"], effect="Deny"),
    ]


def own_things(location: StateLocation, contracts: ContractObjects) -> list[dict[str, Any]]:
    """State and contracts: a stack's own, and of contracts what others publish."""
    bucket = f"arn:aws:s3:::{location.bucket}"
    own = [f"{bucket}/{pattern}" for pattern in (location.meta, *location.own_objects)]
    published = contracts.own.partition(":parameter/")[0] + ":parameter/prodfirst/*"
    readable = contracts.own.rsplit("/", 2)[0] + "/*"
    return [
        {"Sid": "OtherBuckets", "Effect": "Allow", "Action": "s3:*", "NotResource": [bucket, f"{bucket}/*"]},
        statement("OwnState", ["s3:*Object", "s3:ListBucket"], [bucket, *own]),
        {"Sid": "OtherParameters", "Effect": "Allow", "Action": "ssm:*", "NotResource": [published]},
        statement("OwnContract", ["ssm:*"], [contracts.own]),
        statement("Contracts", ["ssm:GetParameter", "ssm:GetParameters"], [readable]),
    ]


def foreign_things(stack: str) -> list[dict[str, Any]]:
    """What carries another stack's tag is not changed, and a key under another's state not used at all."""
    other = {"StringNotEquals": {OWNER_TAG: stack}}
    changes = [f"{service}:{verb}*" for service, verbs in _CHANGES.items() for verb in verbs]
    key = {**other, "StringEquals": {_PURPOSE_TAG: "state"}}
    return [
        statement(
            "NoForeignResources",
            changes,
            ["*"],
            effect="Deny",
            condition={**other, "Null": {OWNER_TAG: "false"}},
        ),
        statement("NoForeignStateKeys", ["kms:*"], ["*"], effect="Deny", condition=key),
    ]


def _except(sid: str, actions: list[str], resources: tuple[str, ...]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "NotResource": sorted(resources)}
