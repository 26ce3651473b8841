"""Drift of identities: what bootstrap and the identity stack declared, against what the account has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.identity_reading import read_identities
from prodfirst.drift.identities import IdentityFacts, RoleFacts, identity_drift
from prodfirst.estate.ci import AUDIENCE
from prodfirst.estate.definition import Stack
from prodfirst.permissions.aws.placing import placed
from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.usecases.identities import wanted
from prodfirst.usecases.recorded import recorded_resources
from prodfirst.usecases.site import Site
from prodfirst.usecases.taken_on import taken_on


def drift_of_identities(site: Site) -> DeploymentDrift:
    """Read under the identity stack's plan identity; where the estate has none, as whoever runs it."""
    stack = site.estate.identity
    access = site.operator if stack is None else taken_on(site, stack, "plan")[1]
    declared = _declared(site, stack, access)
    live = read_identities(access, site.ground.path, tuple(declared.providers))
    return DeploymentDrift(
        f"identities/{site.environment.name}", False, (), findings=identity_drift(declared, live)
    )


def _declared(site: Site, stack: Stack | None, access: AwsAccess) -> IdentityFacts:
    """What bootstrap made, and what the identity stack's last apply recorded."""
    needed, ground = wanted(site), site.ground
    roles: dict[str, RoleFacts] = {}
    policies = {ground.boundary_arn(name): document for name, document in needed.boundaries.items()}
    for role in needed.roles:
        place = placed(role.name, role.policies)
        managed = {site.roles.policy_arn(name): document for name, document in place.managed.items()}
        roles[role.name] = RoleFacts(
            role.trust,
            ground.boundary_arn(role.boundary),
            place.inline,
            frozenset((*managed, *role.managed)),
        )
        policies |= managed
    listed = recorded_resources(site, stack.project, access) if stack else ()
    resources = [item for item in listed if item.get("inputs")]
    for item in resources:
        inputs = item["inputs"]
        if item["type"] == "aws:iam/role:Role":
            attached = frozenset(_attached(resources, inputs["name"]))
            roles[inputs["name"]] = RoleFacts(
                json.loads(inputs["assumeRolePolicy"]), inputs.get("permissionsBoundary", ""), {}, attached
            )
        elif item["type"] == "aws:iam/policy:Policy":
            policies[item["outputs"]["arn"]] = json.loads(inputs["policy"])
    return IdentityFacts(roles, policies, {ground.provider: frozenset({AUDIENCE})})


def _attached(resources: list[Mapping[str, Any]], role: str) -> Iterator[str]:
    for item in resources:
        kind = item["type"] == "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
        if kind and item["inputs"]["role"] == role:
            yield item["inputs"]["policyArn"]
