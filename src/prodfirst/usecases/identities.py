"""What bootstrap makes of identities: all boundaries, and the roles that no identity stack makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prodfirst.permissions import lock as locks
from prodfirst.permissions.policies import Policy
from prodfirst.permissions.roles_aws import (
    IDENTITY_LAYER,
    RoleData,
    boundaries,
    identity_roles,
    roles_for_services,
    stack_roles,
)
from prodfirst.usecases.site import Site


@dataclass(frozen=True, slots=True)
class Wanted:
    """All of one environment."""

    boundaries: Mapping[str, Policy]
    roles: tuple[RoleData, ...]


def wanted(site: Site) -> Wanted:
    """It follows from the estate and its lock files alone. Raises InvalidInput where one was edited."""
    return Wanted(boundaries(site.ground), tuple(_roles(site)))


def _roles(site: Site) -> Iterator[RoleData]:
    """Of the identity stack; where the estate has none, of every stack, from its lock file.

    A stack without a lock file gets roles that reach its own state and nothing else.
    """
    ground = site.ground
    identity = [stack for stack in ground.stacks if stack.layer == IDENTITY_LAYER]
    for stack in identity:
        yield from identity_roles(ground, stack)
    if not identity:
        for stack in ground.stacks:
            path = locks.path_of(site.estate.root, stack.name)
            held = locks.read(path) or locks.empty(site.estate.name, stack.name)
            yield from stack_roles(ground, stack, held)
            yield from roles_for_services(ground, stack, held)
