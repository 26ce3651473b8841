"""The main job on the example: real engine, real HTTP, enforced permissions."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from acme_estate import REMOVABLE, Acme, answered

SAFE = 'Storage("data", buckets=["documents"])'


def test_an_applied_estate_has_nothing_to_do_and_no_drift(acme: Acme) -> None:
    plan = acme.json("plan", "--detailed-exitcode")
    operations = {step["operation"] for item in plan["deployments"] for step in item["steps"]}
    assert operations == {"same"}
    assert all(not item["steps"] for item in acme.json("drift")["deployments"])


def test_two_previews_have_one_digest(acme: Acme) -> None:
    assert acme.json("plan")["digest"] == acme.json("plan")["digest"]


def test_a_no_op_apply_leaves_the_state_version(acme: Acme) -> None:
    before = {item["deployment"]: item["version"] for item in acme.json("status")["deployments"]}
    result = acme.json("apply", "--yes")
    assert {item["result"] for item in result["deployments"]} == {"unchanged"}
    assert {item["deployment"]: item["version"] for item in acme.json("status")["deployments"]} == before


def test_the_cloud_holds_what_was_planned(acme: Acme) -> None:
    vpc = json.loads(acme.run("outputs", "network", "--json"))["outputs"]["vpc_id"]
    subnets = acme.aws("ec2", "describe-subnets", "--filters", f"Name=vpc-id,Values={vpc}")["Subnets"]
    assert {subnet["AvailabilityZone"] for subnet in subnets} == {
        "eu-central-1a",
        "eu-central-1b",
        "eu-central-1c",
    }
    assert all({"Key": "prodfirst:stack", "Value": "network"} in subnet["Tags"] for subnet in subnets)
    encryption = acme.aws("s3api", "get-bucket-encryption", "--bucket", "acme-local-storage-documents")
    rule = encryption["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_the_database_is_a_real_one_and_its_password_is_in_the_secret_store_alone(acme: Acme) -> None:
    found = acme.json("outputs", "database")["outputs"]
    answer = acme.aws("secretsmanager", "get-secret-value", "--secret-id", found["credentials"])
    secret = json.loads(answer["SecretString"])
    assert answered(found, secret, "select 6 * 7") == [[42]]
    files = [path for root in (acme.folder, acme.home) for path in root.rglob("*") if path.is_file()]
    holding = {path.name for path in files if secret["password"].encode() in path.read_bytes()}
    assert holding <= {"secretsmanager.json"}


def test_an_out_of_band_change_is_drift(acme: Acme) -> None:
    bucket = "acme-local-storage-documents"

    def versioning(status: str) -> None:
        acme.aws(
            "s3api",
            "put-bucket-versioning",
            "--bucket",
            bucket,
            "--versioning-configuration",
            f"Status={status}",
        )

    versioning("Suspended")
    try:
        text = acme.run("drift", "storage", code=1)
        assert 'versioningConfiguration.status: recorded "Enabled", live "Suspended"' in text
    finally:
        versioning("Enabled")
    out, errors = acme.both("drift", "storage")
    assert "no drift" in out
    assert "storage/local  compare the state with the cloud" in errors


def test_a_stale_plan_is_refused(acme: Acme) -> None:
    """ENGINE.md: the engine itself applies a plan for 2 → 3 after somebody else has set 9."""
    cidr = '"10.20.0.0/16"'
    ours = f'{cidr}, overrides={{"flow_log.max_aggregation_interval": 600}}'
    theirs = f'{cidr}, overrides={{"endpoint.private_dns_enabled": False}}'
    acme.edit("network", cidr, ours)
    acme.run("plan", "network", "--out", "stale.json")
    acme.edit("network", ours, theirs)
    acme.run("apply", "--stack", "network", "--yes")
    acme.edit("network", theirs, ours)
    told = acme.run("apply", "stale.json", code=1)
    assert "is not the one that was planned" in told
    assert "prodfirst plan" in told


def test_a_changed_program_is_refused(acme: Acme) -> None:
    acme.run("plan", "storage", "--out", "before.json")
    unsafe = 'unprotected={"key.enable_key_rotation": "a test"})'
    acme.edit("storage", SAFE, f"{SAFE[:-1]}, {unsafe}")
    try:
        told = acme.run("apply", "before.json", code=1)
        assert "the program of `storage/local` is not the one that was planned" in told
        assert acme.aws("kms", "get-key-rotation-status", "--key-id", "alias/acme-local-storage-data")[
            "KeyRotationEnabled"
        ]
    finally:
        acme.edit("storage", f"{SAFE[:-1]}, {unsafe}", SAFE)


def test_the_stack_files_stay_out_of_the_checkout(acme: Acme) -> None:
    assert list(Path(acme.folder).rglob("Pulumi.local.yaml")) == [acme.folder / REMOVABLE]


@pytest.mark.parametrize("phase", ["plan", "apply"])
def test_an_identity_cannot_reach_the_state_of_another_stack(acme: Acme, phase: str) -> None:
    environment = acme.identity(f"network/{phase}")
    told = {key: _call(environment, *call) for key, call in _ATTEMPTS.items()}
    assert told.pop("own state") == "allowed"
    assert set(told.values()) <= {"AccessDenied", "AccessDeniedException"}, told


_STATE = ("s3api", "get-object", "--bucket", "acme-local-state", "--key")
_ATTEMPTS = {
    "own state": (*_STATE, ".pulumi/stacks/acme-network/local.json", "/dev/null"),
    "other state": (*_STATE, ".pulumi/stacks/acme-storage/local.json", "/dev/null"),
    "all states": ("s3api", "list-objects-v2", "--bucket", "acme-local-state"),
    "other key": ("kms", "encrypt", "--key-id", "alias/prodfirst/acme/local/storage", "--plaintext", "aGk="),
    "roles": ("iam", "list-roles"),
    "other role": (
        "sts", "assume-role", "--role-session-name", "attempt",
        "--role-arn", "arn:aws:iam::111122223333:role/prodfirst/acme/local/acme-local-storage-apply",
    ),
}  # fmt: skip


def _call(environment: dict[str, str], *arguments: str) -> str:
    command = str(Path(sys.executable).parent / "aws")
    kept = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [command, *arguments], env={**kept, **environment}, capture_output=True, text=True, check=False
    )
    found = re.search(r"\((\w+)\)", done.stderr)
    return "allowed" if done.returncode == 0 else found[1] if found else done.stderr
