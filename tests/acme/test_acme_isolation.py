"""`prodfirst isolation` on the example: every identity and every team, and a role that somebody widened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from acme_estate import BASE, Acme

_TEAM = "acme-local.team-platform"
_EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Wide", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def attempts(acme: Acme) -> list[dict[str, Any]]:
    """All of them; none is decided otherwise than it must be."""
    return list(acme.json("isolation")["attempts"])


def _whats(attempts: list[dict[str, Any]], identity: str, *, allowed: bool) -> set[str]:
    return {item["what"] for item in attempts if item["identity"] == identity and item["allowed"] is allowed}


def test_all_identities_and_all_teams_try(attempts: list[dict[str, Any]]) -> None:
    identities = {f"{stack}/{phase}" for stack in BASE for phase in ("plan", "apply")}
    assert {item["identity"] for item in attempts} == identities | {"team:platform", "team:data"}


def test_a_team_administers_what_its_stacks_hold_and_nothing_else(attempts: list[dict[str, Any]]) -> None:
    on_database = "rds:RemoveTagsFromResource on acme-local-database-main, of database"
    allowed = _whats(attempts, "team:data", allowed=True)
    assert {what for what in allowed if not what.endswith(" of database")} == set()
    told_by_tags = {"ec2:DeleteTags on a security-group of database",
                    "kms:UntagResource on the key of database"}  # fmt: skip
    own = {on_database, "read the contract of database", *told_by_tags}
    assert own <= allowed
    assert own <= _whats(attempts, "team:platform", allowed=False)
    assert "read the contract of network" in _whats(attempts, "team:data", allowed=False)


def test_state_and_contracts_and_identities_are_closed_to_people_of_the_owner_too(
    attempts: list[dict[str, Any]],
) -> None:
    denied = _whats(attempts, "team:data", allowed=False)
    things = ("read the state of", "write into the state of", "write into the history of", "lock",
              "use the key of", "publish in the contract of",
              "kms:UntagResource on the state key of")  # fmt: skip
    assert {f"{thing} database" for thing in things} <= denied
    assert {"take on database/apply", "take on identity/apply", "take on the role of team platform"} <= denied
    assert {
        "take on break-glass",
        "loosen its own boundary",
        "attach another policy to its own role",
    } <= denied


def test_an_identity_reads_the_fields_that_it_declares_and_changes_what_its_lock_holds(
    attempts: list[dict[str, Any]],
) -> None:
    assert "read a declared field of network" in _whats(attempts, "database/plan", allowed=True)
    for reader in ("database/plan", "storage/plan"):
        assert "read the contract of network" in _whats(attempts, reader, allowed=False)
    changed = "rds:RemoveTagsFromResource on acme-local-database-main, of database"
    assert changed in _whats(attempts, "database/apply", allowed=True)
    assert changed in _whats(attempts, "database/plan", allowed=False)
    assert changed in _whats(attempts, "network/apply", allowed=False)


@pytest.fixture
def widened(acme: Acme, attempts: list[dict[str, Any]]) -> Iterator[Acme]:
    """Somebody gave the people of team `platform` everything, within their boundary."""
    name = ("--role-name", _TEAM, "--policy-name", "wide")
    acme.aws("iam", "put-role-policy", *name, "--policy-document", json.dumps(_EVERYTHING))
    yield acme
    acme.aws("iam", "delete-role-policy", *name)


def test_a_widened_role_is_found_and_its_attempts_change_nothing(widened: Acme) -> None:
    before = _kept(widened)
    told = widened.run("isolation", "--as", "team:platform", code=1)
    assert "ALLOWED  rds:RemoveTagsFromResource on acme-local-database-main, of database" in told
    assert "ALLOWED  read the contract of database" in told
    assert "ALLOWED  read the state of" not in told  # the boundary holds
    assert _kept(widened) == before


def _kept(acme: Acme) -> list[Any]:
    return [
        acme.aws("s3api", "list-object-versions", "--bucket", "acme-local-state"),
        acme.aws("ssm", "describe-parameters"),
        acme.aws("rds", "describe-db-clusters"),
        acme.aws("iam", "get-account-authorization-details"),
    ]
