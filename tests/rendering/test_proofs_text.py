"""Proofs as people and machines see them."""

from __future__ import annotations

import io
import shlex
from dataclasses import replace

from prodfirst.access.proofs import Proof, ProofCall
from prodfirst.rendering.console import console
from prodfirst.rendering.demo_json import demo_json
from prodfirst.rendering.proofs_text import proofs_text

_POLICY = "arn:aws:iam::111122223333:policy/prodfirst/acme/local/acme-local.team-data-1"
_OWNER = ProofCall(
    who="team:data",
    role="arn:aws:iam::111122223333:role/prodfirst/acme/local/acme-local.team-data",
    action="rds:DescribeDBClusters",
    resource="arn:aws:rds:eu-central-1:111122223333:cluster:main",
    allowed=True,
    expected=True,
    code="",
    statement=f"identity-based policy `{_POLICY}`, `Lock18`",
    reason=f"allowed by identity-based policy `{_POLICY}`, `Lock18`",
    audit="a-1",
    command=("aws", "rds", "describe-db-clusters"),
)
_OTHER = replace(
    _OWNER,
    who="team:shop",
    allowed=False,
    expected=False,
    code="AccessDenied",
    statement=f"permissions boundary `{_POLICY}`, `NoForeignResources`",
    reason="with an explicit deny in a permissions boundary",
    audit="a-2",
)
_FACTS = {"estate": "acme", "environment": "local", "account": "111122223333", "region": "eu-central-1"}


def _text(*proofs: Proof) -> str:
    out = io.StringIO()
    proofs_text(proofs, console(out))
    return out.getvalue()


def test_a_proof_names_who_what_and_the_statement_that_decided() -> None:
    told = _text(Proof("the owner sees it", (_OWNER, _OTHER)))
    assert "rds:DescribeDBClusters on arn:aws:rds:eu-central-1:111122223333:cluster:main" in told
    assert "allowed by identity-based policy `acme-local.team-data-1`, `Lock18`" in told
    assert "with an explicit deny in a permissions boundary" in told
    assert "permissions boundary `acme-local.team-data-1`, `NoForeignResources`" in told
    assert "a-2" in told


def test_a_proof_that_does_not_hold_says_what_must_be() -> None:
    widened = replace(_OTHER, allowed=True, code="")
    proof = Proof("the owner sees it", (_OWNER, widened))
    assert not proof.holds
    assert "ALLOWED  team:shop, and must be denied" in _text(proof)


def test_a_call_that_was_allowed_and_failed_proves_nothing() -> None:
    failed = replace(_OWNER, code="DBClusterNotFoundFault")
    assert not Proof("the owner sees it", (failed, _OTHER)).holds
    assert not Proof("the owner sees it", (_OWNER, replace(_OTHER, code=""))).holds


def test_the_file_has_a_command_for_a_shell_and_what_it_ends_with() -> None:
    made = demo_json(_FACTS, "my estate/prodfirst.yaml", (), (Proof("it", (_OWNER, _OTHER)),))
    first, second = made["proofs"][0]["calls"]
    assert first["repeat"] == (
        "prodfirst local exec --file 'my estate/prodfirst.yaml' --env local --as team:data -- "
        "aws rds describe-db-clusters"
    )
    assert first["outcome"] == {"succeeds": True, "error": ""}
    assert second["outcome"] == {"succeeds": False, "error": "AccessDenied"}
    assert made["holds"] is True


_IN_CLUSTER = replace(
    _OWNER,
    who="shop/apply",
    action="kubernetes:create",
    resource="core/pods/shop/*",
    statement='allowed by RoleBinding "a/shop" of Role "a" to Group "g"',
    reason='RBAC: allowed by RoleBinding "a/shop" of Role "a" to Group "g"',
    command=("kubectl", "--context", "main", "create", "--raw", "/api/v1/pods?dryRun=All", "-f", "-"),
    input='{"kind": "it\'s"}',
    cluster="main",
)


def test_a_call_of_a_cluster_has_the_same_shape_and_its_line_brings_what_kubectl_reads() -> None:
    proof = Proof("it", (_IN_CLUSTER, replace(_OTHER, cluster="main")))
    made = demo_json(_FACTS, "prodfirst.yaml", (), (Proof("aws", (_OWNER, _OTHER)), proof))
    (in_aws, _), (inside, _) = (item["calls"] for item in made["proofs"])
    assert list(in_aws) == list(inside)
    assert (in_aws["cluster"], inside["cluster"]) == ("", "main")
    piped, _, line = inside["repeat"].partition(" | ")
    assert shlex.split(piped) == ["printf", "%s", _IN_CLUSTER.input]
    assert line.endswith(
        "--as shop/apply -- kubectl --context main create --raw '/api/v1/pods?dryRun=All' -f -"
    )
    assert "kubernetes:create on core/pods/shop/*, in cluster main" in _text(proof)


def test_what_came_of_a_call_is_shown() -> None:
    answered = replace(_OWNER, answer="PostgreSQL 18.6 answers shop on shop")
    assert "PostgreSQL 18.6 answers shop on shop" in _text(Proof("it", (answered, _OTHER)))
