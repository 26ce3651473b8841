"""What the identity stack keeps in the first half of a run: what its state records of stacks' roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.estate.definition import Stack
from prodfirst.permissions.keeping_aws import KEEPING, PlacedRole, keeping_to_json, recorded_roles
from prodfirst.usecases.recorded import recorded_resources
from prodfirst.usecases.site import Site


def keeping(held: tuple[PlacedRole, ...]) -> Mapping[str, Any]:
    """Configuration for one run of the identity stack."""
    return {KEEPING: keeping_to_json(held)}


def held_roles(site: Site, stack: Stack, access: AwsAccess) -> tuple[PlacedRole, ...]:
    """The roles of stacks that the identity stack's last apply recorded; `access` reads its state."""
    return recorded_roles(recorded_resources(site, stack.project, access))
