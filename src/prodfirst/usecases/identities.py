"""What bootstrap makes of identities: all boundaries, and the roles that no identity stack makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prodfirst.permissions.interim_aws import interim_roles
from prodfirst.permissions.policies import Policy
from prodfirst.permissions.roles_aws import IDENTITY_LAYER, RoleData, boundaries, identity_roles
from prodfirst.usecases.site import Site


@dataclass(frozen=True, slots=True)
class Wanted:
    """All of one environment."""

    boundaries: Mapping[str, Policy]
    roles: tuple[RoleData, ...]


def wanted(site: Site) -> Wanted:
    """It follows from the estate alone."""
    return Wanted(boundaries(site.ground), tuple(_roles(site)))


def _roles(site: Site) -> Iterator[RoleData]:
    """Of the identity stack; where the estate has none, of every stack, with whole services."""
    ground = site.ground
    identity = [stack for stack in ground.stacks if stack.layer == IDENTITY_LAYER]
    for stack in identity:
        yield from identity_roles(ground, stack)
    if not identity:
        for stack in ground.stacks:
            yield from interim_roles(ground, stack)
