"""Lock files of the example: current, made again byte by byte, and what is said when they are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from acme_estate import EXAMPLE, Acme

IMPORTS = """
import pulumi
import pulumi_aws as aws
name = pulumi.Config("prodfirst").require("prefix")
"""
ADDED = IMPORTS + 'aws.s3.Bucket("more", bucket=f"{name}-more", force_destroy=True)\n'
UNKNOWN_TYPE = IMPORTS + 'aws.sqs.Queue("jobs", name=f"{name}-jobs")\n'
ASKS = IMPORTS + "aws.get_caller_identity()\n"


@pytest.fixture
def copied(tmp_path: Path) -> Acme:
    """The example in a folder of its own; no local cloud, and an environment without credentials."""
    stacks = {path.parent.name for path in (EXAMPLE / "stacks").glob("*/Pulumi.yaml")}
    return Acme.copy(tmp_path, stacks)


def _append(acme: Acme, stack: str, text: str) -> int:
    """Add lines to a program; returns the number of the last one."""
    path = acme.folder / "stacks" / stack / "__main__.py"
    path.write_text(path.read_text() + text)
    return len(path.read_text().splitlines())


def _locks(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "permissions").glob("*.lock.json")}


def test_the_committed_locks_are_what_sync_makes_byte_by_byte(copied: Acme) -> None:
    committed = _locks(EXAMPLE)
    stacks = {path.parent.name for path in (EXAMPLE / "stacks").glob("*/Pulumi.yaml")} - {"identity"}
    assert set(committed) == {f"{stack}.lock.json" for stack in stacks}
    for path in (copied.folder / "permissions").glob("*.lock.json"):
        path.unlink()
    copied.run("permissions", "sync")
    assert _locks(copied.folder) == committed, "run `prodfirst permissions sync` in examples/acme"
    assert {lock["standing"] for lock in copied.json("permissions", "check")["locks"]} == {"current"}


def test_a_lock_that_was_edited_or_is_stale_is_found_and_named(copied: Acme) -> None:
    network = copied.folder / "permissions" / "network.lock.json"
    network.write_text(network.read_text().replace('"ec2:DeleteVpc"', '"ec2:*"'))
    line = _append(copied, "storage", ADDED)
    assert line > 0
    told = copied.run("permissions", "check", code=1)
    assert "network  was edited by hand  permissions/network.lock.json" in told
    assert "+ apply arn:aws:s3:::acme-${environment}-storage-more/*" in told
    assert "for Bucket `more` in stacks/storage/__main__.py" in told
    assert "next: prodfirst permissions sync network storage" in told
    answer = copied.json("permissions", "check", "storage", code=1)
    actions = {action for view in answer["locks"][0]["added"] for action in view["actions"]}
    assert {"s3:CreateBucket", "s3:DeleteObjectVersion"} <= actions
    assert answer["locks"][0]["removed"] == []


def test_a_type_without_permissions_fails_by_name_and_writes_nothing(copied: Acme) -> None:
    line = _append(copied, "storage", UNKNOWN_TYPE)
    before = _locks(copied.folder)
    told = copied.run("permissions", "sync", "storage", code=2)
    assert "`aws:sqs/queue:Queue`" in told
    assert f"stacks/storage/__main__.py:{line}" in told
    assert _locks(copied.folder) == before


def test_a_question_to_the_cloud_writes_no_lock_until_its_answer_is_committed(copied: Acme) -> None:
    _append(copied, "storage", ASKS)
    told = copied.run("permissions", "sync", "storage", code=3)
    assert "aws:index/getCallerIdentity:getCallerIdentity" in told
    assert "incomplete" in told
    entry = {
        "environment": "local",
        "token": "aws:index/getCallerIdentity:getCallerIdentity",
        "arguments": {},
        "answer": {"accountId": "111122223333", "arn": "a", "id": "i", "userId": "u"},
    }
    recording = {"prodfirst": "invokes", "version": 1, "answers": [entry]}
    (copied.folder / "permissions" / "invokes.json").write_text(json.dumps(recording))
    assert "current" in copied.run("permissions", "sync", "storage")


def test_show_says_who_needs_what_from_the_files_alone(copied: Acme) -> None:
    told = copied.run("permissions", "show", "network")
    assert "ec2:CreateSubnet" in told
    assert "tagged as stack network" in told
    assert "VpcEndpoint `logs`, `s3`, `secretsmanager`, `sts` in stacks/network/__main__.py" in told
    assert "all resources: EC2 describes by no resource" in told


def test_a_plan_that_needs_more_than_its_lock_fails_with_the_line_and_the_command(acme: Acme) -> None:
    line = _append(acme, "storage", ADDED)
    try:
        told = acme.run("plan", "storage", "--out", "more.json", code=1)
        assert f"stacks/storage/__main__.py:{line}:1: `more` (aws:s3/bucket:Bucket) needs" in told
        assert "prodfirst permissions sync storage" in told
        assert "permission-missing" in acme.run("apply", "more.json", code=1) + told
        acme.run("permissions", "sync", "storage")
        acme.run("plan", "storage")
    finally:
        acme.edit("storage", ADDED, "")
        acme.run("permissions", "sync", "storage")


@pytest.mark.parametrize(
    ("stack", "phase"), [("network", "plan"), ("network", "apply"), ("storage", "apply")]
)
def test_a_role_holds_what_its_lock_says_and_no_whole_service(acme: Acme, stack: str, phase: str) -> None:
    statements = _statements(acme, f"acme-local-{stack}-{phase}")
    granted = {action for item in statements if item["Effect"] == "Allow" for action in item["Action"]}
    assert not [action for action in granted if "*" in action]
    assert ("ec2:DeleteVpc" in granted) == ((stack, phase) == ("network", "apply"))
    assert ("kms:ScheduleKeyDeletion" in granted) == ((stack, phase) == ("storage", "apply"))


def _statements(acme: Acme, role: str) -> list[dict[str, Any]]:
    """Of all policies of a role, inline and attached."""
    name = ("--role-name", role)
    documents = [
        acme.aws("iam", "get-role-policy", *name, "--policy-name", policy)["PolicyDocument"]
        for policy in acme.aws("iam", "list-role-policies", *name)["PolicyNames"]
    ]
    for item in acme.aws("iam", "list-attached-role-policies", *name)["AttachedPolicies"]:
        arn = ("--policy-arn", item["PolicyArn"])
        default = acme.aws("iam", "get-policy", *arn)["Policy"]["DefaultVersionId"]
        version = acme.aws("iam", "get-policy-version", *arn, "--version-id", default)
        documents.append(version["PolicyVersion"]["Document"])
    return [statement for document in documents for statement in document["Statement"]]
