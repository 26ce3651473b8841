"""What a stack that makes others' permissions keeps in the first half of a run: what its state records.

The identity stack makes roles on AWS, the stack that furnishes a cluster makes roles in it. Either takes away
in its closing step what the locks do not hold any more (permissions/keeping_aws.py, keeping_kubernetes.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.estate.definition import Layer, Stack
from prodfirst.permissions.keeping_aws import KEEPING, PlacedRole, keeping_to_json, recorded_roles
from prodfirst.permissions.keeping_kubernetes import (
    KEEPING_VERBS,
    is_of_stacks,
    recorded_verbs,
    verbs_to_json,
)
from prodfirst.planning.closing import is_revoking
from prodfirst.planning.steps import Step
from prodfirst.usecases.recorded import recorded_resources
from prodfirst.usecases.site import Site


def takes_away(stack: Stack, steps: Iterable[Step]) -> bool:
    """Whether the steps change or delete what others hold: additions alone revoke nothing."""
    if stack.layer is Layer.IDENTITY:
        return is_revoking(steps)
    return is_revoking(step for step in steps if is_of_stacks(step.urn))


def keeping(site: Site, stack: Stack, access: AwsAccess) -> Mapping[str, Any]:
    """Configuration for the first half of a run of such a stack; `access` reads its state."""
    recorded = recorded_resources(site, stack.project, access)
    if stack.layer is Layer.IDENTITY:
        return {KEEPING: keeping_to_json(recorded_roles(recorded))}
    return {KEEPING_VERBS: verbs_to_json(recorded_verbs(recorded))}


def held_roles(site: Site, stack: Stack, access: AwsAccess) -> tuple[PlacedRole, ...]:
    """The roles of stacks that the identity stack's last apply recorded; `access` reads its state."""
    return recorded_roles(recorded_resources(site, stack.project, access))
