"""Locks into the policy documents of an environment's plan and apply identities.

Both bootstrap and the identity stack make roles from these. AWS's sizes and counts hold: what does not fit
into one managed policy is split into several, and what cannot be split enough is an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.permissions.grants import Conditions
from prodfirst.permissions.lock import Lock, Permission, dump_conditions
from prodfirst.permissions.placeholders import Facts
from prodfirst.permissions.policies import Policy, policy, statement, text
from prodfirst.permissions.state_aws import StateLocation, state_statements

POLICY_LIMIT = 6144
"""Characters of a managed policy without white space (IAM quotas)."""
POLICIES_LIMIT = 10
"""Managed policies attached to one role, by default (IAM quotas)."""
_FOUND_BY: Mapping[str, str] = {
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "eks:ListPodIdentityAssociations",
    "aws:kms/key:Key": "kms:ListKeys",
    "aws:s3/bucket:Bucket": "s3:ListAllMyBuckets",
}
"""Lists that take no resource, and which the original does not call (providers/aws, `located`); every other
type is found by what its reads call."""
KUBERNETES = "kubernetes"
"""What actions begin with that RBAC grants, not IAM (permissions/kubernetes.py)."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything that the identities of one deployment hold."""

    lock: Lock
    facts: Facts
    state: StateLocation
    contracts: tuple[str, ...] = ()
    """ARNs of the fields that the stack reads of others (permissions/contracts_aws.py)."""


def documents(holdings: Holdings, phase: str) -> tuple[Policy, ...]:
    """The managed policies of the identity of a phase (`plan`, `apply`), each within the size limit.

    Raises InvalidInput where they are too many for one role.
    """
    statements = [
        *state_statements(holdings.state, write=phase == "apply"),
        _state_key(holdings.state),
        *_contract_statements(holdings),
        *_finding_statements(holdings.lock),
        *_statements(holdings.lock.phase(phase), holdings.facts),
    ]
    policies = packed(statements)
    if len(policies) > POLICIES_LIMIT:
        raise InvalidInput(
            Problem(
                f"the {phase} identity of stack `{holdings.lock.stack}` needs {len(policies)} policies",
                why=f"AWS attaches {POLICIES_LIMIT} managed policies of {POLICY_LIMIT} characters to a role",
                fix="split the stack: it holds more than one identity should",
            )
        )
    return tuple(policies)


def people_documents(locks: Sequence[Lock], facts: Facts) -> tuple[Policy, ...]:
    """The managed policies of people who administer several stacks: what their apply identities hold of
    resources. State and contracts are the identities' own, and a boundary keeps people off them.

    Raises InvalidInput where they are too many for one role.
    """
    permissions = [item for lock in locks for item in lock.phase("apply")]
    policies = packed(list(_statements(permissions, facts)))
    if len(policies) > POLICIES_LIMIT:
        names = ", ".join(f"`{lock.stack}`" for lock in locks)
        raise InvalidInput(
            Problem(
                f"the people who own {names} need {len(policies)} policies",
                why=f"AWS attaches {POLICIES_LIMIT} managed policies of {POLICY_LIMIT} characters to a role",
                fix="give some of the stacks to another team",
            )
        )
    return tuple(policies)


def workload_documents(lock: Lock, facts: Facts) -> tuple[Policy, ...]:
    """The managed policies of an application's pods. They are few: a secret is two statements."""
    return tuple(packed(list(_statements(lock.workload, facts))))


def _state_key(state: StateLocation) -> dict[str, Any]:
    """The key under the stack's own state carries its tags too, and is bootstrap's: it is used, no more."""
    return {
        "Sid": "StateKeyIsNotTheStacks",
        "Effect": "Deny",
        "NotAction": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
        "Resource": [state.key.pattern],
        "Condition": state.key.condition,
    }


def _contract_statements(holdings: Holdings) -> Iterator[dict[str, Any]]:
    """Reads of exactly the fields that `prodfirst.yaml` lists; writes follow from the publisher's lock."""
    if holdings.contracts:
        yield statement("Contracts", ["ssm:GetParameter", "ssm:GetParameters"], holdings.contracts)


def _finding_statements(lock: Lock) -> Iterator[dict[str, Any]]:
    """What finds a resource again whose create was cut off before its id was known."""
    types = {reason.type for item in lock.phase("apply") for reason in item.reasons}
    if actions := [_FOUND_BY[item] for item in sorted(types & _FOUND_BY.keys())]:
        yield statement("FindAfterAKill", actions, ["*"])


def _statements(permissions: Iterable[Permission], facts: Facts) -> Iterator[dict[str, Any]]:
    """As few statements as there are different (actions, conditions) and (resources, conditions)."""
    by_resource: dict[tuple[str, Conditions], set[str]] = {}
    for item in permissions:
        if item.holds_in(facts.environment) and not item.actions[0].startswith(f"{KUBERNETES}:"):
            held = _filled(item.conditions, facts)
            for resource in item.resources:
                by_resource.setdefault((facts.fill(resource), held), set()).update(item.actions)
    by_actions: dict[tuple[tuple[str, ...], Conditions], list[str]] = {}
    for (resource, held), actions in by_resource.items():
        by_actions.setdefault((tuple(sorted(actions)), held), []).append(resource)
    for (names, held), resources in sorted(by_actions.items()):
        yield statement(_name(names, held), names, resources, condition=dump_conditions(held))


def _name(actions: tuple[str, ...], held: Conditions) -> str:
    """A statement keeps its name when others come or its resources change, so a plan shows nothing else."""
    said = json.dumps([actions, held])
    return f"Lock{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def _filled(held: Conditions, facts: Facts) -> Conditions:
    return tuple((operator, key, tuple(map(facts.fill, values))) for operator, key, values in held)


def packed(statements: Sequence[Mapping[str, Any]]) -> list[Policy]:
    """First fit, the largest statement first; equal statements give equal policies."""
    parts = [part for item in statements for part in _small(item)]
    policies: list[list[Mapping[str, Any]]] = []
    for part in sorted(parts, key=lambda item: (-len(text(policy(item))), item["Sid"])):
        for group in policies:
            if len(text(policy(*group, part))) <= POLICY_LIMIT:
                group.append(part)
                break
        else:
            policies.append([part])
    return [policy(*sorted(group, key=lambda item: item["Sid"])) for group in policies]


def _small(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A statement, cut in halves by its resources, then by its actions, until each part fits."""
    if len(text(policy(item))) <= POLICY_LIMIT:
        yield item
        return
    key = "Resource" if len(item["Resource"]) > 1 else "Action"
    values = item[key]
    if len(values) < 2:
        raise InvalidInput(
            Problem(
                f"one action on one resource takes more than {POLICY_LIMIT} characters",
                why=f"`{values[0][:80]}…` with its conditions does not fit into a managed policy",
                fix="shorten the name",
            )
        )
    middle = len(values) // 2
    for suffix, half in (("a", values[:middle]), ("b", values[middle:])):
        yield from _small({**item, "Sid": f"{item['Sid']}{suffix}", key: half})
