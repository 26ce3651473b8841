"""`iam:PassRole`: giving a role to a service is an action of its own, on the role.

Source: IAM User Guide, "Granting a user permissions to pass a role to an AWS service", and each service's
guide for the service principal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prodfirst.localcloud.aws.authorization.calls import Call, Use, leaves

_RECEIVERS: Mapping[tuple[str, str], str] = {
    ("ec2", "CreateFlowLogs"): "vpc-flow-logs.amazonaws.com",
    ("ec2", "RunInstances"): "ec2.amazonaws.com",
    ("ec2", "AssociateIamInstanceProfile"): "ec2.amazonaws.com",
    ("ec2", "ReplaceIamInstanceProfileAssociation"): "ec2.amazonaws.com",
    ("iam", "AddRoleToInstanceProfile"): "ec2.amazonaws.com",
    ("eks", "CreatePodIdentityAssociation"): "pods.eks.amazonaws.com",
    ("eks", "UpdatePodIdentityAssociation"): "pods.eks.amazonaws.com",
    ("rds", "CreateDBInstance"): "monitoring.rds.amazonaws.com",
    ("rds", "ModifyDBInstance"): "monitoring.rds.amazonaws.com",
    ("rds", "CreateDBCluster"): "monitoring.rds.amazonaws.com",
    ("rds", "ModifyDBCluster"): "monitoring.rds.amazonaws.com",
}
"""Operation → the service that gets the role."""
_SERVICES = {
    "eks": "eks",
    "rds": "rds",
    "logs": "logs",
    "s3": "s3",
    "events": "events",
    "ssm": "ssm",
    "sns": "sns",
}
"""Where nothing else is said: the service's own principal."""
_NO_PASS = frozenset({"iam", "sts", "kms", "secretsmanager"})
"""Services in whose parameters a role is one that is spoken of, not one that is given."""
_SPOKEN_OF = frozenset(
    {"principalArn", "PolicyDocument", "Policy", "policyArn", "resourceArn", "ResourceArn"}
)


def of(call: Call) -> Iterator[Use]:
    """One use for each role that a call gives away."""
    receiver = _RECEIVERS.get((call.service, call.operation))
    if receiver is None and call.service in _SERVICES:
        receiver = f"{_SERVICES[call.service]}.amazonaws.com"
    keys = {"iam:PassedToService": receiver} if receiver else {}
    for role in dict.fromkeys(_roles(call)):
        yield Use("iam:PassRole", role, keys)


def _roles(call: Call) -> Iterator[str]:
    if (call.service, call.operation) == ("iam", "AddRoleToInstanceProfile"):
        name = call.text("RoleName")
        yield call.state.identity("role", name) or f"arn:aws:iam::{call.account}:role/{name}"
        return
    if call.service in _NO_PASS:
        return
    for name, value in leaves(call.input):
        if value.startswith("arn:aws:iam::") and ":role/" in value and name not in _SPOKEN_OF:
            yield value
    profile = call.input.get("IamInstanceProfile")
    if isinstance(profile, Mapping):
        named = str(profile.get("Name") or str(profile.get("Arn", "")).rpartition("/")[2])
        yield from call.state.profile_roles(named) or (f"arn:aws:iam::{call.account}:role/*",)
