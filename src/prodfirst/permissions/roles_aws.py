"""All roles of an environment on AWS, as data: from the estate and the lock files, and from nothing else.

Bootstrap makes those of the identity stack itself; the identity stack makes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.estate.ci import AUDIENCE
from prodfirst.kernel.role_names import PHASES, SERVICE_FOLDER
from prodfirst.permissions.aws.documents import Holdings, documents, people_documents
from prodfirst.permissions.break_glass_aws import break_glass_trust
from prodfirst.permissions.ground_aws import GROUP_TAG, Ground, GroundStack
from prodfirst.permissions.identity_aws import (
    identity_alarm_policy,
    identity_apply_policy,
    identity_plan_policy,
)
from prodfirst.permissions.limits_aws import (
    Realm,
    break_glass_boundary,
    identity_boundary,
    people_boundary,
    service_boundary,
    stack_boundary,
)
from prodfirst.permissions.lock import Lock
from prodfirst.permissions.policies import Policy, policy, statement
from prodfirst.permissions.service_roles_aws import service_roles
from prodfirst.permissions.trust_aws import ci_trust

IDENTITY_LAYER = "identity"
BREAK_GLASS = "break-glass"
TEAM = "team"
SERVICE = "service"


@dataclass(frozen=True, slots=True)
class RoleData:
    """One role as it must be."""

    name: str
    description: str
    trust: Policy
    boundary: str
    """Name of the boundary."""
    policies: tuple[Policy, ...]
    """Each within the size of a managed policy."""
    acts_for: str
    """The stack, or the team."""
    folder: str = ""
    """Below the environment's path; empty, or ending in `/`."""
    managed: tuple[str, ...] = ()
    """ARNs of policies of AWS's own that it has besides."""
    people: bool = False
    """Whether it is one of people, not of a stack."""


def stack_roles(ground: Ground, stack: GroundStack, lock: Lock) -> Iterator[RoleData]:
    """The plan and the apply identity of a stack outside the identity layer."""
    facts = ground.facts
    holdings = Holdings(lock, facts, ground.state(stack), ground.contracts(stack).read)
    for phase in PHASES:
        yield RoleData(
            name=ground.role_name(stack.name, phase),
            description=f"{phase} identity of stack {stack.name}",
            trust=job_trust(ground, stack.name, phase),
            boundary=ground.boundary_name(stack.name),
            policies=documents(holdings, phase),
            acts_for=stack.name,
        )


def roles_for_services(ground: Ground, stack: GroundStack, lock: Lock) -> Iterator[RoleData]:
    """The roles that services take on for a stack's resources."""
    for role in service_roles(ground, stack, lock):
        yield RoleData(
            name=role.name,
            description=f"{role.purpose.principal} for stack {stack.name}",
            trust=role.trust,
            boundary=ground.boundary_name(SERVICE, people=True),
            policies=role.policies,
            acts_for=stack.name,
            folder=SERVICE_FOLDER,
            managed=role.managed,
        )


def identity_roles(ground: Ground, stack: GroundStack) -> Iterator[RoleData]:
    """The identity stack's own, which bootstrap makes."""
    location, contracts = ground.state(stack), ground.contracts(stack)
    own = {
        "plan": (identity_plan_policy(location, contracts),),
        "apply": (
            identity_apply_policy(_realm(ground, stack), location, contracts),
            identity_alarm_policy(_realm(ground, stack), location),
        ),
    }
    for phase in PHASES:
        yield RoleData(
            name=ground.role_name(stack.name, phase),
            description=f"{phase} identity of stack {stack.name}",
            trust=job_trust(ground, stack.name, phase),
            boundary=ground.boundary_name(stack.name),
            policies=own[phase],
            acts_for=stack.name,
        )


def team_roles(ground: Ground, locks: Mapping[str, Lock]) -> Iterator[RoleData]:
    """A role for the people of each team that owns stacks: it administers what these hold, nothing else."""
    facts = ground.facts
    for team, group in ground.teams.items():
        owned = [locks[stack.name] for stack in ground.stacks if stack.owner == team and stack.name in locks]
        if owned:
            yield RoleData(
                name=ground.names.team(team),
                description=f"people of team {team}: {', '.join(lock.stack for lock in owned)}",
                trust=_people_trust(ground, group),
                boundary=ground.boundary_name("people", people=True),
                policies=people_documents(owned, facts),
                acts_for=team,
                people=True,
            )


def break_glass_roles(ground: Ground) -> Iterator[RoleData]:
    """For people of the team that owns identity, when nothing else helps; taking it on raises an alarm."""
    for stack in ground.stacks:
        if stack.layer == IDENTITY_LAYER:
            yield _break_glass(ground, stack.owner)


def _break_glass(ground: Ground, owner: str) -> RoleData:
    return RoleData(
        name=ground.people_name(BREAK_GLASS),
        description="everything but identities; taking it on raises an alarm",
        trust=break_glass_trust(ground.account, ground.region, GROUP_TAG, ground.teams[owner]),
        boundary=ground.boundary_name(BREAK_GLASS, people=True),
        policies=(policy(statement("Everything", ["*"], ["*"])),),
        acts_for=owner,
        people=True,
    )


def boundaries(ground: Ground) -> Mapping[str, Policy]:
    """Every boundary, by name; bootstrap makes them."""
    found: dict[str, Policy] = {}
    for stack in ground.stacks:
        realm, location, contracts = _realm(ground, stack), ground.state(stack), ground.contracts(stack)
        if stack.layer == IDENTITY_LAYER:
            found[ground.boundary_name(stack.name)] = identity_boundary(realm, location, contracts)
            found[ground.boundary_name("people", people=True)] = people_boundary(location)
            found[ground.boundary_name(BREAK_GLASS, people=True)] = break_glass_boundary()
        else:
            found[ground.boundary_name(stack.name)] = stack_boundary(realm, location, contracts)
            found[ground.boundary_name(SERVICE, people=True)] = service_boundary(location)
    return found


def _realm(ground: Ground, stack: GroundStack) -> Realm:
    return Realm(ground.account, ground.path, stack.name, ground.name(stack.name))


def job_trust(ground: Ground, stack: str, phase: str) -> Policy:
    """Jobs of the CI environment of a deployment and phase alone."""
    return ci_trust(ground.provider, AUDIENCE, ground.subject(stack, phase), ground.operator)


def _people_trust(ground: Ground, group: str) -> Policy:
    """Sessions of this account that carry the group's name as a tag: the identity provider sets it."""
    entry: dict[str, Any] = {
        "Sid": "People",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ground.account}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {f"aws:PrincipalTag/{GROUP_TAG}": group}},
    }
    return policy(entry)
