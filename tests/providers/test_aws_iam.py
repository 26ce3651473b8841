"""Roles and policies of IAM as programs make them, on the real engine and the local cloud."""

from __future__ import annotations

import pytest
from aws_programs import HEAD, AwsProgram
from local_callers import ACCOUNT, Caller

from prodfirst.kernel.errors import Failure

_TRUST = (
    'trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",'
    f' "Action": "sts:AssumeRole", "Principal": {{"AWS": "arn:aws:iam::{ACCOUNT}:root"}}}}]}})\n'
)
_ROLE = (
    HEAD
    + _TRUST
    + """
def document(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

limit = aws.iam.Policy("limit", name="limit", path="/t/", policy=document("s3:*"))
role = aws.iam.Role("worker", name="worker", path="/t/", assume_role_policy=trust, description="works",
                    permissions_boundary=limit.arn, tags={"a": "1"})
policy = aws.iam.Policy("work", name="work", path="/t/", policy=document("s3:ListAllMyBuckets"))
aws.iam.RolePolicyAttachment("attached", role=role.name, policy_arn=policy.arn)
"""
)


@pytest.fixture
def made(aws: AwsProgram) -> AwsProgram:
    """With a role under a boundary, and a policy attached to it."""
    aws.up(_ROLE)
    return aws


def test_the_role_is_as_it_was_written_and_shows_no_drift(made: AwsProgram, administrator: Caller) -> None:
    iam = administrator.client("iam")
    role = iam.get_role(RoleName="worker")["Role"]
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/t/worker"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == f"arn:aws:iam::{ACCOUNT}:policy/t/limit"
    assert (role["MaxSessionDuration"], role["Description"]) == (3600, "works")
    assert {"Key": "a", "Value": "1"} in iam.list_role_tags(RoleName="worker")["Tags"]
    attached = iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]
    assert [item["PolicyName"] for item in attached] == ["work"]
    assert made.unsettled(_ROLE) == []


def test_a_changed_policy_is_a_new_version_and_the_oldest_goes(
    made: AwsProgram, administrator: Caller
) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/t/work"
    for number in range(6):
        source = _ROLE.replace("s3:ListAllMyBuckets", f"s3:Get{number}")
        made.up(source)
    iam = administrator.client("iam")
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert len(versions) == 5
    default = next(item["VersionId"] for item in versions if item["IsDefaultVersion"])
    document = iam.get_policy_version(PolicyArn=arn, VersionId=default)["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Action"] == ["s3:Get5"]
    assert made.unsettled(source) == []


def test_trust_tags_and_session_change_in_place_and_names_do_not(
    made: AwsProgram, administrator: Caller
) -> None:
    source = _ROLE.replace(":root", ":user/prodfirst-administrator").replace('"a": "1"', '"b": "2"')
    source = source.replace('description="works"', 'description="toils", max_session_duration=7200')
    changed = made.changes(source, "worker")
    assert set(changed.values()) == {False}
    assert {"assumeRolePolicy", "description", "maxSessionDuration"} <= set(changed)
    made.up(source)
    assert made.unsettled(source) == []
    tags = administrator.client("iam").list_role_tags(RoleName="worker")["Tags"]
    assert tags == [{"Key": "b", "Value": "2"}]
    assert made.changes(source.replace('name="worker"', 'name="other"'), "worker")["name"]


def test_a_role_that_somebody_deleted_is_found_gone_and_made_again(
    made: AwsProgram, administrator: Caller
) -> None:
    iam = administrator.client("iam")
    iam.detach_role_policy(RoleName="worker", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/t/work")
    iam.delete_role(RoleName="worker")
    assert {item.name for item in made.engine.refresh(made.run) if item.gone} == {"worker", "attached"}
    made.engine.refresh(made.run, preview_only=False)
    made.up(_ROLE)
    assert made.unsettled(_ROLE) == []


def test_what_is_no_document_is_refused_in_the_plan(aws: AwsProgram) -> None:
    aws.program(_ROLE.replace('policy=document("s3:*")', 'policy="no policy"'))
    with pytest.raises(Failure, match="not a JSON policy"):
        aws.engine.preview(aws.run)
