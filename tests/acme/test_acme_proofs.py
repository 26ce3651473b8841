"""The demo on a clean copy: who deployed what, proofs that ordinary tools repeat, and the end of it all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from account_contents import held, servers
from acme_estate import WHOLE, Acme, removable
from local_callers import administrator_of

from prodfirst.estate.reading import load
from prodfirst.localcloud.lifecycle import LocalCloud

_BIN = Path(sys.executable).parent
_TEAM = ("--role-name", "acme-local.team-shop", "--policy-name", "wide")
_WIDE = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Wide", "Effect": "Allow", "Action": "rds:*", "Resource": "*"}],
}
_REPEATED = ("the team that owns the database changes it", "a field is read by who declares it",
             "a plan identity changes nothing")  # fmt: skip
_IN_CLUSTER = ("the shop's apply identity deploys", "in the blog's namespace", "a namespace's quota",
               "so is who is bound to which role", "a privileged pod is refused")  # fmt: skip
_ROLE = ("role", "prodfirst:shop:apply", "-n", "shop")
_QUOTAS = {"apiGroups": [""], "resources": ["resourcequotas"], "verbs": ["delete"]}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    """The example in a folder of its own, and an empty installation."""
    estate = Acme.copy(tmp_path_factory.mktemp("demo"), WHOLE)
    yield estate
    estate.run("local", "down")


@pytest.fixture(scope="module")
def bootstrapped(clean: Acme) -> frozenset[str]:
    """What there is in the account before anything is applied."""
    clean.run("local", "up")
    clean.run("bootstrap")
    return _account(clean)


@pytest.fixture(scope="module")
def told(clean: Acme, bootstrapped: frozenset[str]) -> str:
    """What the demo prints."""
    assert bootstrapped
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


def _cluster_audit(estate: Acme) -> dict[str, dict[str, Any]]:
    """What the API server of the one cluster wrote down."""
    (log,) = (estate.home / "local" / "kubernetes").glob("*/audit.jsonl")
    return {event["auditID"]: event for event in map(json.loads, log.read_text().splitlines())}


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
        if not call["cluster"]:
            entry = audit[call["audit"]]
            assert (entry["decision"] == "deny") == (call["decision"] == "deny")
            assert f"/{call['role'].rpartition('/')[2]}/" in entry["principal"]
            assert call["statement"] or call["reason"].startswith("because no ")


def test_the_clusters_own_audit_has_who_called_and_what_decided(clean: Acme, shown: dict[str, Any]) -> None:
    audit = _cluster_audit(clean)
    calls = [call for call in _calls(shown) if call["cluster"]]
    assert len(calls) == 2 * len(_IN_CLUSTER)
    for call in calls:
        event = audit[call["audit"]]
        assert event["user"]["extra"]["canonicalArn"] == [call["role"]]
        assert "dryRun=All" in event["requestURI"]
        decided = event["annotations"]["authorization.k8s.io/decision"]
        if call["decision"] == "allow":
            assert decided == "allow"
            assert f"RBAC: {call['statement']}" == event["annotations"]["authorization.k8s.io/reason"]
        elif decided == "forbid":
            assert (call["statement"], call["code"]) == ("", "Forbidden")
            assert f"cannot {call['action'].removeprefix('kubernetes:')} resource" in call["reason"]


def test_the_role_of_the_lock_lets_the_shop_deploy_and_pod_security_refuses_a_privileged_pod(
    shown: dict[str, Any],
) -> None:
    deployed, _ = _proof(shown, "the shop's apply identity deploys")["calls"]
    assert deployed["statement"].startswith(
        'allowed by RoleBinding "prodfirst:shop:apply/shop" of Role "prodfirst:shop:apply" to Group '
    )
    _, privileged = _proof(shown, "a privileged pod is refused")["calls"]
    assert privileged["statement"] == "Pod Security `restricted:v1.35` of namespace `shop`"
    assert "privileged" in privileged["reason"]


def test_the_shops_pods_open_the_real_database_with_a_credential_that_its_ci_may_not_read(
    shown: dict[str, Any],
) -> None:
    read, refused = _proof(shown, "the shop's pods read their credential")["calls"]
    assert read["action"] == refused["action"] == "secretsmanager:GetSecretValue"
    assert read["who"] == "shop/workload"
    assert read["answer"].startswith("PostgreSQL 18.")
    assert (refused["who"], refused["answer"]) == ("shop/apply", "")


def _proof(shown: dict[str, Any], claim: str) -> dict[str, Any]:
    (proof,) = [item for item in shown["proofs"] if item["claim"].startswith(claim)]
    return dict(proof)


_IN_DATABASE = ("the shop's pods read their credential", "nor another application's pods")


@pytest.mark.parametrize("claim", [*_IN_CLUSTER, *_IN_DATABASE])
def test_a_pasted_line_repeats_what_is_decided_in_the_cluster_and_its_database(
    clean: Acme, shown: dict[str, Any], claim: str
) -> None:
    for call in _proof(shown, claim)["calls"]:
        done = _shell(clean, call["repeat"])
        assert (done.returncode == 0) == call["outcome"]["succeeds"], done.stderr
        assert call["outcome"]["succeeds"] or f"({call['outcome']['error']})" in done.stderr
        assert call["answer"] in done.stdout


def test_a_database_that_does_not_answer_is_told_and_the_credential_is_not(
    clean: Acme, shown: dict[str, Any]
) -> None:
    call = _proof(shown, "the shop's pods read their credential")["calls"][0]
    done = _shell(clean, f"{call['repeat']}-elsewhere")
    assert done.returncode == 3
    assert 'database "app-elsewhere" does not exist' in done.stderr
    value = clean.aws("secretsmanager", "get-secret-value", "--secret-id", call["resource"])["SecretString"]
    assert json.loads(value)["password"] not in done.stdout + done.stderr


def test_a_stack_without_pods_has_no_workload(clean: Acme, shown: dict[str, Any]) -> None:
    assert shown["holds"]
    told = clean.run("local", "exec", "--as", "network/workload", "--", "true", code=3)
    assert "no pod has the role `acme-local-network-workload`" in told


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
    proof = _proof(shown, claim)
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


def test_a_policy_and_a_role_that_somebody_widened_make_the_demo_fail(
    clean: Acme, shown: dict[str, Any]
) -> None:
    assert shown["holds"]
    clean.aws("iam", "put-role-policy", *_TEAM, "--policy-document", json.dumps(_WIDE))
    more = [{"op": "add", "path": "/rules/-", "value": _QUOTAS}]
    _kubectl(clean, "patch", *_ROLE, "--type=json", "-p", json.dumps(more))
    try:
        told = _demo(clean, code=3)
    finally:
        clean.aws("iam", "delete-role-policy", *_TEAM)
        less = [{"op": "remove", "path": f"/rules/{len(_rules(clean)) - 1}"}]
        _kubectl(clean, "patch", *_ROLE, "--type=json", "-p", json.dumps(less))
    assert "`team:shop` may make the call rds:RemoveTagsFromResource" in told
    assert "`wide`, `Wide`" in told
    assert "`shop/apply` may make the call kubernetes:delete" in told
    written = json.loads((clean.folder / "demo.json").read_text())
    assert written["holds"] is False
    assert {proof["claim"] for proof in written["proofs"] if not proof["holds"]} == {
        "the team that owns the database sees it; another does not",
        "the team that owns the database changes it",
        "a namespace's quota is the platform's, not the application's",
    }


def test_the_whole_example_is_destroyed_in_order_and_nothing_is_left(
    clean: Acme, told: str, bootstrapped: frozenset[str]
) -> None:
    assert told
    assert _account(clean) > bootstrapped
    assert servers(clean.home)
    for name in WHOLE:
        removable(clean.folder / "stacks" / name)
    clean.run("apply", "--yes", seconds=600)
    result = json.loads(clean.run("destroy", "--yes", "--json", seconds=600))["deployments"]
    assert {item["deployment"]: item["result"] for item in result} == {
        f"{name}/local": "applied" for name in WHOLE
    }
    estate, states = load(clean.folder / "prodfirst.yaml"), {name: _state(clean, name) for name in WHOLE}
    assert {name for name, state in states.items() if state.get("resources")} == set()
    for name in WHOLE:
        for other in estate.before(name):
            assert states[name]["manifest"]["time"] < states[other]["manifest"]["time"], f"{name}, {other}"
    assert _account(clean) == bootstrapped
    assert servers(clean.home) == {}
    for kind in ("kubernetes", "databases"):
        assert [path.name for path in (clean.home / "local" / kind).iterdir() if path.is_dir()] == []


def _account(estate: Acme) -> frozenset[str]:
    return held(administrator_of(LocalCloud(estate.home / "local")))


def _state(estate: Acme, stack: str) -> Any:
    """Nobody but the administrator is left to read it."""
    s3 = administrator_of(LocalCloud(estate.home / "local")).client("s3")
    key = f".pulumi/stacks/acme-{stack}/local.json"
    return json.loads(s3.get_object(Bucket="acme-local-state", Key=key)["Body"].read())["checkpoint"][
        "latest"
    ]


def _rules(estate: Acme) -> list[Any]:
    return list(json.loads(_kubectl(estate, "get", *_ROLE, "-o", "json"))["rules"])


def _kubectl(estate: Acme, *arguments: str) -> str:
    """As the stack that furnishes the cluster."""
    return estate.run("local", "exec", "--as", "platform/apply", "--", str(_BIN / "kubectl"), *arguments)
