"""Grants first, revocations last: roles with what they held before, until their stacks are done with it.

A stack that stops using a resource deletes it in the same run, and needs for that what its new lock does not
hold any more. So the first half of a run keeps what stands in the identity stack's state, beside what the
locks say; its closing step takes it away. People lose at once what they lose: no run depends on them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.permissions.aws.documents import POLICIES_LIMIT, packed
from prodfirst.permissions.ground_aws import Ground
from prodfirst.permissions.policies import Policy, policy, text
from prodfirst.permissions.roles_aws import RoleData

KEEPING = "prodfirst:keeping"
"""Configuration of the identity stack in the first half of a run: `{ROLE: {"description", "trust",
"boundary", "tags", "path", "policies": {NAME: DOCUMENT}, "managed": [ARN]}}`, as its state records them."""
ACTS_FOR = "prodfirst:acts-for"
"""Tag of a role: the stack, or the team."""
PROJECT = "prodfirst:project"
"""Tag of a stack's plan and apply identity: the Pulumi project whose state it reaches."""


@dataclass(frozen=True, slots=True)
class PlacedRole:
    """One role with its managed policies by name."""

    name: str
    description: str
    trust: Policy
    boundary: str
    """ARN."""
    tags: Mapping[str, str]
    path: str
    policies: Mapping[str, Policy]
    managed: tuple[str, ...] = ()
    """ARNs of policies of AWS's own."""
    kept: Mapping[str, Policy] = field(default_factory=lambda: MappingProxyType({}))
    """What it held before and will not hold any more. In place before `policies` change."""


def placed_role(ground: Ground, data: RoleData) -> PlacedRole:
    """A role that follows from the locks."""
    reaches = {} if data.people or data.folder else {PROJECT: _project(ground, data.acts_for)}
    return PlacedRole(
        data.name,
        data.description,
        data.trust,
        ground.boundary_arn(data.boundary),
        {ACTS_FOR: data.acts_for, **reaches},
        f"{ground.path}{data.folder}",
        {f"{data.name}-{number}": item for number, item in enumerate(data.policies, 1)},
        data.managed,
    )


def _project(ground: Ground, stack: str) -> str:
    return next(item.project for item in ground.stacks if item.name == stack)


def recorded_roles(resources: Iterable[Mapping[str, Any]]) -> tuple[PlacedRole, ...]:
    """The roles of stacks in the identity stack's state; `resources` as a checkpoint lists them."""
    listed = [item for item in resources if item.get("inputs") and not item.get("delete")]
    policies = {
        item["outputs"]["arn"]: (item["inputs"]["name"], json.loads(item["inputs"]["policy"]))
        for item in listed
        if item["type"] == "aws:iam/policy:Policy"
    }
    attached: dict[str, list[str]] = {}
    for item in listed:
        if item["type"] == "aws:iam/rolePolicyAttachment:RolePolicyAttachment":
            attached.setdefault(item["inputs"]["role"], []).append(item["inputs"]["policyArn"])
    return tuple(
        _recorded(item["inputs"], attached.get(item["inputs"]["name"], []), policies)
        for item in listed
        if item["type"] == "aws:iam/role:Role" and "." not in item["inputs"]["name"]
    )


def _recorded(
    inputs: Mapping[str, Any], attached: Iterable[str], policies: Mapping[str, tuple[str, Policy]]
) -> PlacedRole:
    return PlacedRole(
        inputs["name"],
        inputs.get("description", ""),
        json.loads(inputs["assumeRolePolicy"]),
        inputs.get("permissionsBoundary", ""),
        inputs.get("tags") or {},
        inputs["path"],
        dict(policies[arn] for arn in sorted(attached) if arn in policies),
        tuple(sorted(arn for arn in attached if arn not in policies)),
    )


def keeping_to_json(held: Iterable[PlacedRole]) -> dict[str, Any]:
    """As configuration (`KEEPING`)."""
    return {
        role.name: {
            "description": role.description,
            "trust": role.trust,
            "boundary": role.boundary,
            "tags": dict(role.tags),
            "path": role.path,
            "policies": dict(role.policies),
            "managed": list(role.managed),
        }
        for role in held
    }


def keeping_from_json(data: Mapping[str, Any]) -> tuple[PlacedRole, ...]:
    """The inverse of `keeping_to_json`."""
    return tuple(
        PlacedRole(name, **{**item, "managed": tuple(item["managed"])}) for name, item in sorted(data.items())
    )


def with_kept(wanted: Iterable[PlacedRole], held: Iterable[PlacedRole]) -> Iterator[PlacedRole]:
    """Every wanted role with what it held before, and the roles that nobody wants any more.

    Raises InvalidInput where both together are too many policies for one role.
    """
    before = {role.name: role for role in held}
    for role in wanted:
        old = before.pop(role.name, None)
        yield role if old is None else _together(role, old)
    yield from before.values()


def _together(wanted: PlacedRole, old: PlacedRole) -> PlacedRole:
    held = _more(old.policies.values(), wanted.policies.values())
    kept = {f"{wanted.name}-kept-{_digest(document)}": document for document in packed(held)}
    managed = tuple(sorted({*wanted.managed, *old.managed}))
    if (count := len(wanted.policies) + len(kept) + len(managed)) > POLICIES_LIMIT:
        raise InvalidInput(
            Problem(
                f"role `{wanted.name}` would need {count} policies for a while",
                why=f"it keeps what it held until its stack is applied, and AWS attaches {POLICIES_LIMIT}",
                fix="make the change in smaller steps, each applied",
            )
        )
    trusted = _more([old.trust], [wanted.trust])
    trust = policy(*wanted.trust["Statement"], *trusted) if trusted else wanted.trust
    return replace(wanted, trust=trust, managed=managed, kept=kept)


def _more(old: Iterable[Policy], new: Iterable[Policy]) -> list[dict[str, Any]]:
    """The statements of `old` that are not in `new`, under names of their own. A Deny is kept too: both
    together never allow what neither did."""
    there = {_plain(item) for document in new for item in document["Statement"]}
    more = {_plain(item) for document in old for item in document["Statement"]} - there
    return [{**json.loads(item), "Sid": f"Kept{number}"} for number, item in enumerate(sorted(more), 1)]


def _plain(statement: Mapping[str, Any]) -> str:
    return json.dumps({key: value for key, value in statement.items() if key != "Sid"}, sort_keys=True)


def _digest(document: Policy) -> str:
    return hashlib.sha256(text(document).encode()).hexdigest()[:8]
