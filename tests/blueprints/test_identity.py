"""The identity stack on the real engine and the local cloud: lock files become roles."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_programs import AwsProgram
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from local_callers import ACCOUNT, REGION, Caller
from ruamel.yaml import YAML

from prodfirst.kernel.errors import Failure
from prodfirst.permissions.ground_aws import Ground, GroundStack, ground_from_json
from prodfirst.permissions.lock import Lock, read, text_of
from prodfirst.permissions.roles_aws import boundaries

_ACME = Path(__file__).parents[2] / "examples" / "acme" / "permissions"
_GROUND = Ground(
    estate="acme",
    environment="local",
    account=ACCOUNT,
    region=REGION,
    repository="acme/estate",
    bucket="acme-local-state",
    prefix="",
    operator=None,
    stacks=(
        GroundStack("identity", "identity", "platform", "acme-identity", ()),
        GroundStack("network", "infrastructure", "platform", "acme-network", ()),
        GroundStack("storage", "infrastructure", "data", "acme-storage", (("network", "vpc_id"),)),
    ),
    teams={"platform": "acme-platform", "data": "acme-data"},
)
_PROGRAM = """
from pathlib import Path
from prodfirst.blueprints.aws.identity import Identity
Identity("identity", locks=Path(__file__).parent / "permissions")
"""
_ISSUER = "token.actions.githubusercontent.com"


@pytest.fixture
def identity(aws: AwsProgram, administrator: Caller) -> Iterator[AwsProgram]:
    """The identity stack's program, with the example's lock files, in an account that has the boundaries."""
    shutil.copytree(_ACME, aws.run.program / "permissions")
    yaml, file = YAML(), aws.run.config_file
    settings = yaml.load(file.read_text())
    settings["config"] = {"prodfirst:identities": _GROUND.to_json(), "aws:region": REGION}
    with file.open("w") as stream:
        yaml.dump(settings, stream)
    iam = administrator.client("iam")
    arns = [
        iam.create_policy(
            PolicyName=name, Path=f"{_GROUND.path}boundary/", PolicyDocument=json.dumps(document)
        )["Policy"]["Arn"]
        for name, document in boundaries(_GROUND).items()
    ]
    yield aws
    aws.destroy()
    for arn in arns:
        iam.delete_policy(PolicyArn=arn)


def _roles(administrator: Caller) -> dict[str, Any]:
    listed = administrator.client("iam").list_roles(PathPrefix=_GROUND.path)["Roles"]
    return {item["RoleName"]: item for item in listed}


def _lock(identity: AwsProgram, stack: str) -> tuple[Path, Lock]:
    path = identity.run.program / "permissions" / f"{stack}.lock.json"
    lock = read(path)
    assert lock is not None
    return path, lock


def test_every_stack_but_itself_has_two_roles_and_every_owning_team_one(
    identity: AwsProgram, administrator: Caller
) -> None:
    identity.up(_PROGRAM)
    assert set(_roles(administrator)) == {
        "acme-local-network-plan", "acme-local-network-apply", "acme-local-storage-plan",
        "acme-local-storage-apply", "acme-local.team-platform", "acme-local.team-data",
        "acme-local.break-glass",
    }  # fmt: skip
    assert identity.unsettled(_PROGRAM) == []


def test_a_role_trusts_one_ci_environment_and_is_bounded(identity: AwsProgram, administrator: Caller) -> None:
    identity.up(_PROGRAM)
    role = administrator.client("iam").get_role(RoleName="acme-local-storage-apply")["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{_ISSUER}"}
    assert statement["Condition"] == {
        "StringEquals": {
            f"{_ISSUER}:aud": "sts.amazonaws.com",
            f"{_ISSUER}:sub": "repo:acme/estate:environment:local-storage-apply",
        }
    }
    boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert (
        boundary == f"arn:aws:iam::{ACCOUNT}:policy/prodfirst/acme/local/boundary/acme-local-boundary-storage"
    )
    assert role["MaxSessionDuration"] == 3600


def test_a_role_holds_what_the_lock_says_in_policies_that_aws_takes(
    identity: AwsProgram, administrator: Caller
) -> None:
    identity.up(_PROGRAM)
    iam = administrator.client("iam")
    attached = iam.list_attached_role_policies(RoleName="acme-local-storage-apply")["AttachedPolicies"]
    documents = []
    for item in attached:
        version = iam.get_policy(PolicyArn=item["PolicyArn"])["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=item["PolicyArn"], VersionId=version)
        documents.append(found["PolicyVersion"]["Document"])
    held = {
        action for document in documents for one in document["Statement"] for action in one.get("Action", ())
    }
    _, lock = _lock(identity, "storage")
    assert {action for item in lock.phase("apply") for action in item.actions} <= held
    assert all(len(json.dumps(document, separators=(",", ":"))) <= 6144 for document in documents)


def test_a_wider_lock_changes_that_stacks_role_and_its_teams_alone(identity: AwsProgram) -> None:
    identity.up(_PROGRAM)
    path, lock = _lock(identity, "storage")
    path.write_text(text_of(Lock(lock.estate, lock.stack, lock.environments, lock.plan[1:], lock.apply)))
    identity.program(_PROGRAM)
    steps = identity.engine.preview(identity.run).steps
    changed = {step.name.rpartition("-")[0] for step in steps if step.operation != "same"}
    assert changed <= {"acme-local-storage-plan", "acme-local-storage-apply", "acme-local.team-data"}
    assert changed


def test_a_lock_that_was_edited_by_hand_makes_no_role(identity: AwsProgram) -> None:
    path, _ = _lock(identity, "storage")
    path.write_text(path.read_text().replace("kms:ListAliases", "iam:CreateUser"))
    identity.program(_PROGRAM)
    with pytest.raises(Failure, match="was edited by hand"):
        identity.engine.preview(identity.run)


def test_a_team_role_opens_to_its_group_alone(identity: AwsProgram, administrator: Caller) -> None:
    identity.up(_PROGRAM)
    role = f"arn:aws:iam::{ACCOUNT}:role/prodfirst/acme/local/acme-local.team-data"
    assert "assumed-role/acme-local.team-data/" in _person(administrator, "data", role)
    with pytest.raises(ClientError, match="AccessDenied"):
        _person(administrator, "platform", role)


_BREAK_GLASS = f"arn:aws:iam::{ACCOUNT}:role/prodfirst/acme/local/acme-local.break-glass"


def _taking_on(role: str) -> dict[str, Any]:
    """What EventBridge hears from CloudTrail when somebody takes on a role (CloudTrail User Guide, event
    record contents)."""
    detail = {
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "awsRegion": REGION,
        "readOnly": True,
        "userIdentity": {"type": "IAMUser", "userName": "somebody"},
        "requestParameters": {"roleArn": role, "roleSessionName": "worst-of-days"},
    }
    return {
        "id": "1",
        "account": ACCOUNT,
        "region": REGION,
        "time": "2026-01-01T00:00:00Z",
        "source": "aws.sts",
        "detail-type": "AWS API Call via CloudTrail",
        "resources": [],
        "detail": detail,
    }


def test_taking_on_break_glass_raises_an_alarm(identity: AwsProgram, administrator: Caller) -> None:
    """The rule's pattern takes such an event and no other, it sees read-only events, and its topic has a key
    that EventBridge may use."""
    identity.up(_PROGRAM)
    name = "acme-local-identity-break-glass"
    events, sns = administrator.client("events"), administrator.client("sns")
    rule = events.describe_rule(Name=name)

    def raises(event: dict[str, Any]) -> bool:
        answer = events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))
        return bool(answer["Result"])

    assert raises(_taking_on(_BREAK_GLASS))
    assert not raises(_taking_on(f"{_BREAK_GLASS}-2"))
    assert not raises({**_taking_on(_BREAK_GLASS), "source": "aws.iam"})
    assert rule["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
    topic = sns.get_topic_attributes(TopicArn=target["Arn"])["Attributes"]
    (publishing,) = json.loads(topic["Policy"])["Statement"]
    assert publishing["Principal"] == {"Service": "events.amazonaws.com"}
    assert publishing["Condition"] == {"ArnEquals": {"aws:SourceArn": rule["Arn"]}}
    policy = administrator.client("kms").get_key_policy(KeyId=topic["KmsMasterKeyId"], PolicyName="default")
    assert "events.amazonaws.com" in policy["Policy"]


def test_break_glass_opens_to_its_group_with_a_fresh_second_factor(
    identity: AwsProgram, administrator: Caller
) -> None:
    identity.up(_PROGRAM)
    with pytest.raises(ClientError, match="AccessDenied"):
        _person(administrator, "platform", _BREAK_GLASS)
    assert "assumed-role/acme-local.break-glass/" in _person(
        administrator, "platform", _BREAK_GLASS, factor=True
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        _person(administrator, "data", _BREAK_GLASS, factor=True)
    # the alarm's rule stands in one region, so the role opens nowhere else
    with pytest.raises(ClientError, match="AccessDenied"):
        _person(administrator, "platform", _BREAK_GLASS, factor=True, region="eu-west-1")


def test_break_glass_changes_no_identity(identity: AwsProgram, administrator: Caller) -> None:
    limit = boundaries(_GROUND)["acme-local-boundary.break-glass"]
    denied = {action for item in limit["Statement"] if item["Effect"] == "Deny" for action in item["Action"]}
    assert {"iam:Create*", "iam:PassRole", "sts:AssumeRole*"} <= denied


def _person(
    administrator: Caller, team: str, role: str, *, factor: bool = False, region: str = REGION
) -> str:
    """Who a person of a group becomes; the session tag of an identity provider is a user's tag here."""
    iam, name = administrator.client("iam"), f"person-{team}"
    iam.create_user(UserName=name, Tags=[{"Key": "prodfirst:group", "Value": f"acme-{team}"}])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    entry = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": entry})
    iam.put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=document)
    caller = Caller(administrator.environment, key["AccessKeyId"], key["SecretAccessKey"])
    serial, more = _factor(iam, name) if factor else ("", {})
    try:
        sts = caller.client("sts", region)
        return str(sts.assume_role(RoleArn=role, RoleSessionName="test", **more)["AssumedRoleUser"]["Arn"])
    finally:
        if serial:
            iam.deactivate_mfa_device(UserName=name, SerialNumber=serial)
            iam.delete_virtual_mfa_device(SerialNumber=serial)
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=name, PolicyName="assume")
        iam.delete_user(UserName=name)


def _factor(iam: Any, user: str) -> tuple[str, dict[str, str]]:
    """A new device of a user, and what a call has to say for it now."""
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{user}-{time.time_ns()}")[
        "VirtualMFADevice"
    ]
    key, serial = base64.b32decode(device["Base32StringSeed"]), device["SerialNumber"]
    codes = [_code(key, time.time() + shift) for shift in (-30, 0)]
    iam.enable_mfa_device(
        UserName=user, SerialNumber=serial, AuthenticationCode1=codes[0], AuthenticationCode2=codes[1]
    )
    return serial, {"SerialNumber": serial, "TokenCode": codes[1]}


def _code(key: bytes, at: float) -> str:
    return TOTP(key, 6, SHA1(), 30, enforce_key_length=False).generate(int(at)).decode()  # noqa: S303


def test_the_estates_facts_survive_as_configuration() -> None:
    assert ground_from_json(json.loads(json.dumps(_GROUND.to_json()))) == _GROUND


def test_the_program_loads_nothing_heavy_of_ours() -> None:
    script = (
        "import sys, prodfirst.blueprints.aws.identity\n"
        "print(sorted({'boto3', 'click', 'cryptography', 'pydantic', 'ruamel'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
