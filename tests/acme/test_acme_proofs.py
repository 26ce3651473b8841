"""The demo on a clean copy: who deployed what, and proofs that the ordinary `aws` command repeats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acme_estate import WHOLE, Acme

_BIN = Path(sys.executable).parent
_TEAM = ("--role-name", "acme-local.team-shop", "--policy-name", "wide")
_WIDE = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Wide", "Effect": "Allow", "Action": "rds:*", "Resource": "*"}],
}
_REPEATED = ("the team that owns the database changes it", "a field is read by who declares it",
             "a plan identity changes nothing")  # fmt: skip


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    """The example in a folder of its own, and an empty installation."""
    estate = Acme.copy(tmp_path_factory.mktemp("demo"), WHOLE)
    yield estate
    estate.run("local", "down")


@pytest.fixture(scope="module")
def told(clean: Acme) -> str:
    """What the demo prints."""
    return _demo(clean, code=0)


@pytest.fixture(scope="module")
def shown(clean: Acme, told: str) -> dict[str, Any]:
    """What it writes."""
    assert (clean.folder / "demo.json").stat().st_mode & 0o777 == 0o600
    return dict(json.loads((clean.folder / "demo.json").read_text()))


def _demo(estate: Acme, *, code: int) -> str:
    return estate.run("demo", "--estate", "prodfirst.yaml", code=code, seconds=900)


def _audit(estate: Acme) -> dict[str, dict[str, Any]]:
    lines = (estate.home / "local" / "audit.jsonl").read_text().splitlines()
    return {entry["id"]: entry for entry in map(json.loads, lines)}


def _calls(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [call for proof in shown["proofs"] for call in proof["calls"]]


def test_every_deployment_was_deployed_by_its_own_apply_identity(
    clean: Acme, shown: dict[str, Any], told: str
) -> None:
    assert {item["deployment"] for item in shown["deployments"]} == {f"{name}/local" for name in WHOLE}
    audit = _audit(clean)
    for item in shown["deployments"]:
        name = item["deployment"].removesuffix("/local")
        assert item["principal"].endswith(f":assumed-role/acme-local-{name}-apply/prodfirst-apply")
        assert item["subject"] == f"repo:acme/estate:environment:local-{name}-apply"
        assert audit[item["audit"]]["principal"] == item["principal"]
        assert audit[item["audit"]]["parameters"]["Key"].endswith(f"/acme-{name}/local.json")
        assert item["plan"].startswith("sha256:")
        assert item["calls"] > 0
        assert item["subject"] in told


def test_each_claim_is_one_call_that_one_may_make_and_another_not(clean: Acme, shown: dict[str, Any]) -> None:
    assert (shown["prodfirst"], shown["version"], shown["holds"]) == ("demo", 1, True)
    audit = _audit(clean)
    for proof in shown["proofs"]:
        assert [call["decision"] for call in proof["calls"]] == ["allow", "deny"], proof["claim"]
        assert len({(call["action"], call["resource"]) for call in proof["calls"]}) == 1
    for call in _calls(shown):
        entry = audit[call["audit"]]
        assert (entry["decision"] == "deny") == (call["decision"] == "deny")
        assert f"/{call['role'].rpartition('/')[2]}/" in entry["principal"]
        assert call["statement"] or call["reason"].startswith("because no ")


def test_the_deciding_statement_is_one_of_the_role_that_called(clean: Acme, shown: dict[str, Any]) -> None:
    (first, *_) = _calls(shown)
    assert first["who"] == "team:data"
    arn, sid = first["statement"].split("`")[1], first["statement"].split("`")[3]
    default = clean.aws("iam", "get-policy", "--policy-arn", arn)["Policy"]["DefaultVersionId"]
    found = clean.aws("iam", "get-policy-version", "--policy-arn", arn, "--version-id", default)
    statements = {item["Sid"]: item for item in found["PolicyVersion"]["Document"]["Statement"]}
    assert first["action"] in statements[sid]["Action"]
    assert first["resource"] in statements[sid]["Resource"]
    attached = clean.aws("iam", "list-attached-role-policies", "--role-name", "acme-local.team-data")
    assert arn in {item["PolicyArn"] for item in attached["AttachedPolicies"]}


@pytest.mark.parametrize("claim", _REPEATED)
def test_the_ordinary_aws_command_repeats_a_proof(clean: Acme, shown: dict[str, Any], claim: str) -> None:
    (proof,) = [item for item in shown["proofs"] if item["claim"].startswith(claim)]
    for call in proof["calls"]:
        done = _shell(clean, call["repeat"])
        assert (done.returncode == 0) == call["outcome"]["succeeds"], done.stderr
        assert call["outcome"]["succeeds"] == (call["decision"] == "allow")
        assert call["outcome"]["succeeds"] or f"({call['outcome']['error']})" in done.stderr
    decided = [entry["decision"] for entry in _audit(clean).values()][-len(proof["calls"]) :]
    assert decided == [call["decision"] for call in proof["calls"]]


def _shell(estate: Acme, line: str) -> subprocess.CompletedProcess[str]:
    """In the folder of the demo, with nothing of AWS but what the line itself brings."""
    variables = {
        "PATH": f"{_BIN}:{os.environ['PATH']}",
        "HOME": str(estate.home),
        "PRODFIRST_HOME": str(estate.home),
    }
    return subprocess.run(
        ["bash", "-c", line], cwd=estate.folder, env=variables,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_file_holds_no_secrets(clean: Acme, shown: dict[str, Any]) -> None:
    text = json.dumps(shown)
    secret = clean.aws("secretsmanager", "list-secrets")["SecretList"][0]["ARN"]
    value = clean.aws("secretsmanager", "get-secret-value", "--secret-id", secret)["SecretString"]
    administrator = json.loads((clean.home / "local" / "administrator.json").read_text())
    assert json.loads(value)["password"] not in text
    assert administrator["secret"] not in text
    assert not {word for word in ("AKIA", "ASIA", "Token") if word in text}


def test_a_policy_that_somebody_widened_makes_the_demo_fail(clean: Acme, shown: dict[str, Any]) -> None:
    assert shown["holds"]
    clean.aws("iam", "put-role-policy", *_TEAM, "--policy-document", json.dumps(_WIDE))
    try:
        told = _demo(clean, code=3)
    finally:
        clean.aws("iam", "delete-role-policy", *_TEAM)
    assert "`team:shop` may make the call rds:RemoveTagsFromResource" in told
    assert "`wide`, `Wide`" in told
    written = json.loads((clean.folder / "demo.json").read_text())
    assert written["holds"] is False
    assert {proof["claim"] for proof in written["proofs"] if not proof["holds"]} == {
        "the team that owns the database sees it; another does not",
        "the team that owns the database changes it",
    }
