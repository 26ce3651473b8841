"""What a stack that makes others' permissions keeps in the first half of a run: what its state records.

The identity stack makes roles on AWS, the stack that furnishes a cluster makes roles in it. Either takes away
in its closing step what the locks do not hold any more (permissions/keeping_aws.py, keeping_kubernetes.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.estate.definition import Layer, Stack
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.kernel.group_names import stack_group
from prodfirst.kernel.role_names import PHASES
from prodfirst.permissions.keeping_aws import KEEPING, PlacedRole, keeping_to_json, recorded_roles
from prodfirst.permissions.keeping_kubernetes import (
    KEEPING_VERBS,
    is_of_stacks,
    recorded_verbs,
    verbs_to_json,
    without_lock,
)
from prodfirst.permissions.kubernetes import RbacRule
from prodfirst.planning.closing import is_revoking
from prodfirst.planning.steps import Step
from prodfirst.usecases.locked_rules import locked_rules
from prodfirst.usecases.recorded import recorded_resources
from prodfirst.usecases.site import Site


def takes_away(stack: Stack, steps: Iterable[Step]) -> bool:
    """Whether the steps change or delete what others hold: additions alone revoke nothing."""
    if stack.layer is Layer.IDENTITY:
        return is_revoking(steps)
    return is_revoking(step for step in steps if is_of_stacks(step.urn))


def keeping(stack: Stack, recorded: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Configuration for the first half of a run of such a stack; `recorded` is what its state lists."""
    if stack.layer is Layer.IDENTITY:
        return {KEEPING: keeping_to_json(recorded_roles(recorded))}
    return {KEEPING_VERBS: verbs_to_json(recorded_verbs(recorded))}


def held_roles(site: Site, stack: Stack, access: AwsAccess) -> tuple[PlacedRole, ...]:
    """The roles of stacks that the identity stack's last apply recorded; `access` reads its state."""
    return recorded_roles(recorded_resources(site, stack.project, access))


def kept_for_now(site: Site, stack: Stack, recorded: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """A word on each role in a cluster that keeps verbs which no lock gives: nothing is kept unseen.

    It is what stacks are just dropping, and what nobody's lock ever gave.
    """
    if stack.layer is Layer.IDENTITY:
        return
    for urn, rules in without_lock(recorded, _locked(site)):
        listed = ", ".join(f"`{' '.join(rule.verbs)}` on `{rule.resource}`" for rule in rules)
        yield Finding(
            "verbs-kept",
            Severity.ADVISORY,
            f"role `{urn.rpartition('::')[2]}` holds what no lock gives until the closing step: {listed}",
            urn,
            "the stacks that drop it may need it to delete what they made",
            "where no stack's lock ever gave it, find out who widened the role, and apply this stack alone: "
            "that takes it away at once",
        )


def _locked(site: Site) -> Mapping[str, tuple[RbacRule, ...]]:
    return {
        stack_group(name, phase): locked_rules(site, name, phase)
        for name in site.estate.stacks
        for phase in PHASES
    }
