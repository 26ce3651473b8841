"""What is recorded of a deployment before a command begins: the version of its state and its contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.pulumi.checkpoint import inputs_of_type, latest_of, outputs_by_urn
from prodfirst.contracts.publication import CONTRACT_TYPE
from prodfirst.estate.definition import Stack
from prodfirst.planning.contracts import Contract, contract_of
from prodfirst.planning.state import StateVersion, state_version
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import Value
from prodfirst.usecases.site import Site


@dataclass(frozen=True, slots=True)
class Recorded:
    """One deployment's state, as far as planning needs it."""

    version: StateVersion
    contract: Contract
    objects: Mapping[Urn, Mapping[str, Value]]
    """Outputs of the Kubernetes objects."""
    in_flight: bool
    """Whether a killed run left operations of which nobody knows how they ended."""


def recorded(site: Site, stack: Stack, access: AwsAccess) -> Recorded | None:
    """None where the deployment does not exist."""
    checkpoint = site.bucket(access).checkpoint(stack.project, site.environment.name)
    if checkpoint is None:
        return None
    contracts = inputs_of_type(checkpoint, CONTRACT_TYPE)
    return Recorded(
        state_version(checkpoint),
        contract_of(contracts[0]) if contracts else {},
        outputs_by_urn(checkpoint, "kubernetes:"),
        bool(latest_of(checkpoint).get("pending_operations")),
    )


def recorded_version(site: Site, stack: Stack, access: AwsAccess) -> StateVersion | None:
    """The version of the recorded state; None where the deployment does not exist."""
    found = recorded(site, stack, access)
    return found.version if found else None
