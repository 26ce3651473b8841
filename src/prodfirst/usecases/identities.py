"""What bootstrap makes of identities: boundaries, and the roles of each stack, as data to make or compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prodfirst.estate import ci
from prodfirst.estate.definition import Layer, Stack
from prodfirst.permissions.contracts_aws import contract_objects
from prodfirst.permissions.identity_aws import identity_apply_policy, identity_plan_policy
from prodfirst.permissions.interim_aws import apply_policy, plan_policy
from prodfirst.permissions.limits_aws import (
    Realm,
    break_glass_boundary,
    identity_boundary,
    people_boundary,
    stack_boundary,
)
from prodfirst.permissions.policies import Policy
from prodfirst.permissions.trust_aws import ci_trust
from prodfirst.usecases.site import Site

PHASES = ("plan", "apply")


@dataclass(frozen=True, slots=True)
class WantedRole:
    """A role as it must be."""

    name: str
    phase: str
    trust: Policy
    boundary: str
    """Name of the boundary."""
    document: Policy
    """Its one inline policy."""
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """All of one environment."""

    boundaries: Mapping[str, Policy]
    roles: tuple[WantedRole, ...]


def wanted(site: Site) -> Wanted:
    """What bootstrap makes: it follows from the estate alone."""
    boundaries: dict[str, Policy] = {}
    roles: list[WantedRole] = []
    for stack in site.estate.stacks.values():
        name = site.boundary_name(stack.name)
        limit, policies = _documents(site, stack)
        boundaries[name] = limit
        roles.extend(
            WantedRole(
                name=site.role_name(stack, phase),
                phase=phase,
                trust=_trust(site, stack, phase),
                boundary=name,
                document=policies[phase],
                tags=site.tags(stack),
            )
            for phase in PHASES
        )
        if stack.layer is Layer.IDENTITY:
            location = site.location(stack)
            boundaries[site.boundary_name("people", own=True)] = people_boundary(location)
            boundaries[site.boundary_name("break-glass", own=True)] = break_glass_boundary()
    return Wanted(boundaries, tuple(roles))


def _documents(site: Site, stack: Stack) -> tuple[Policy, dict[str, Policy]]:
    """The boundary of a stack, and the policy of each phase."""
    location = site.location(stack)
    contracts = contract_objects(site.estate.name, site.environment, stack)
    realm = Realm(site.environment.account, site.roles.path, stack.name, site.prefix(stack))
    if stack.layer is Layer.IDENTITY:
        return identity_boundary(realm, location, contracts), {
            "plan": identity_plan_policy(location, contracts),
            "apply": identity_apply_policy(realm, location, contracts),
        }
    buckets = f"{site.prefix(stack)}-"
    return stack_boundary(realm, location, contracts), {
        "plan": plan_policy(location, buckets, contracts),
        "apply": apply_policy(location, buckets, _foreign_aliases(site, stack), contracts),
    }


def _foreign_aliases(site: Site, stack: Stack) -> list[str]:
    """Of the state keys of all others: who may point an alias elsewhere decides which key is used."""
    others = [other for other in site.estate.stacks.values() if other.name != stack.name]
    return [site.key(other).alias_arn(site.environment.account) for other in others]


def _trust(site: Site, stack: Stack, phase: str) -> Policy:
    return ci_trust(
        site.roles.provider_arn(ci.ISSUER_HOST),
        ci.AUDIENCE,
        ci.subject(site.estate, site.environment.name, stack.name, phase),
        site.environment.operator,
    )
