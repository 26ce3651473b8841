"""Roles with what they held before: nothing is lost in between, nothing held that neither half allows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prodfirst.kernel.errors import InvalidInput
from prodfirst.permissions.keeping_aws import (
    PlacedRole,
    keeping_from_json,
    keeping_to_json,
    recorded_roles,
    with_kept,
)
from prodfirst.permissions.policies import Policy, policy, statement

_TRUST = policy({"Sid": "Job", "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})


def _one(action: str, effect: str = "Allow", sid: str = "Lock1") -> dict[str, Any]:
    return statement(sid, [action], ["*"], effect=effect)


def _role(*policies: Policy, name: str = "acme-local-shop-apply", trust: Policy = _TRUST) -> PlacedRole:
    named = {f"{name}-{number}": item for number, item in enumerate(policies, 1)}
    return PlacedRole(name, "d", trust, "arn:b", {"prodfirst:acts-for": "shop"}, "/prodfirst/", named)


def _together(wanted: PlacedRole, held: PlacedRole) -> PlacedRole:
    (role,) = with_kept([wanted], [held])
    return role


def _held(role: PlacedRole) -> set[str]:
    """Statements of all its policies, without their names."""
    documents = (*role.policies.values(), *role.kept.values())
    return {
        json.dumps({**item, "Sid": ""}, sort_keys=True) for part in documents for item in part["Statement"]
    }


def test_what_a_role_held_stays_beside_what_it_will_hold() -> None:
    old, new = _role(policy(_one("s3:A"), _one("s3:B", sid="Lock2"))), _role(policy(_one("s3:B")))
    both = _together(new, old)
    assert both.policies == new.policies  # so the closing step changes none of these
    assert _held(both) == _held(old) | _held(new)
    (name,) = both.kept
    assert name.startswith("acme-local-shop-apply-kept-")


def test_what_is_granted_more_or_called_otherwise_keeps_nothing() -> None:
    new = _role(policy(_one("s3:A", sid="Other"), _one("s3:B", sid="Lock2")))
    assert _together(new, _role(policy(_one("s3:A")))).kept == {}


def test_a_run_after_a_failed_one_keeps_the_same_under_the_same_names() -> None:
    old, new = _role(policy(_one("s3:A"))), _role(policy(_one("s3:B")))
    first = _together(new, old)
    recorded = _role()
    again = _together(new, PlacedRole(**{**_fields(recorded), "policies": {**first.policies, **first.kept}}))
    assert again.kept == first.kept


def _fields(role: PlacedRole) -> dict[str, Any]:
    return {name: getattr(role, name) for name in PlacedRole.__slots__}


def test_a_denial_is_kept_too() -> None:
    """Else both halves together would allow what neither did."""
    old = _role(policy(_one("s3:*"), _one("s3:DeleteBucket", "Deny", "No")))
    assert _held(_together(_role(policy(_one("s3:A"))), old)) >= _held(old)


def test_who_may_take_it_on_is_kept_too() -> None:
    former = policy({"Sid": "Job", "Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "sts:AssumeRole"})
    both = _together(_role(), _role(trust=former))
    assert [item["Sid"] for item in both.trust["Statement"]] == ["Job", "Kept1"]
    assert _together(_role(), _role()).trust == _TRUST


def test_a_role_that_nobody_wants_any_more_stays() -> None:
    gone = _role(policy(_one("s3:A")), name="acme-local-gone-apply")
    assert tuple(with_kept([_role()], [gone])) == (_role(), gone)


def test_more_policies_than_a_role_can_have_are_told() -> None:
    old = _role(*(policy(_one(f"s3:{'A' * 5000}{number}")) for number in range(8)))
    new = _role(*(policy(_one(f"s3:B{number}")) for number in range(3)))
    with pytest.raises(InvalidInput, match="would need 11 policies for a while"):
        _together(new, old)


def _state(*roles: str) -> list[dict[str, Any]]:
    arn, document = "arn:aws:iam::1:policy/p", json.dumps(policy(_one("s3:A")))
    made: list[dict[str, Any]] = [
        {
            "type": "aws:iam/policy:Policy",
            "inputs": {"name": "p", "policy": document},
            "outputs": {"arn": arn},
        }
    ]
    for name in roles:
        inputs = {"name": name, "path": "/", "assumeRolePolicy": json.dumps(_TRUST)}
        made.append({"type": "aws:iam/role:Role", "inputs": inputs})
        for attached in (arn, "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"):
            held = {"role": name, "policyArn": attached}
            made.append({"type": "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "inputs": held})
    return made


def test_roles_are_read_from_the_state_and_those_of_people_are_not_kept() -> None:
    (role,) = recorded_roles(_state("acme-local-shop-apply", "acme-local.team-data"))
    assert role.name == "acme-local-shop-apply"
    assert dict(role.policies) == {"p": policy(_one("s3:A"))}
    assert role.managed == ("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",)


def test_they_survive_as_configuration() -> None:
    held = recorded_roles(_state("acme-local-shop-apply"))
    assert keeping_from_json(json.loads(json.dumps(keeping_to_json(held)))) == held
