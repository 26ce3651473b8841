"""What is recorded of a deployment before a command begins: the version of its state and its contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.pulumi.checkpoint import all_inputs_of_type, inputs_of_type, latest_of, outputs_by_urn
from prodfirst.contracts.publication import CONTRACT_TYPE
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import Problem, Refused
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
    clusters: tuple[tuple[Urn, Mapping[str, Value]], ...]
    """Inputs of the providers of the package `kubernetes`, those that are being replaced among them."""
    in_flight: bool
    """Whether a killed run left operations of which nobody knows how they ended."""


def recorded(site: Site, stack: Stack, access: AwsAccess) -> Recorded | None:
    """None where the deployment does not exist."""
    checkpoint = site.bucket(access).checkpoint(stack.project, site.environment.name)
    if checkpoint is None:
        return None
    _check_owner(site, stack, checkpoint)
    contracts = inputs_of_type(checkpoint, CONTRACT_TYPE)
    return Recorded(
        state_version(checkpoint),
        contract_of(contracts[0]) if contracts else {},
        outputs_by_urn(checkpoint, "kubernetes:"),
        all_inputs_of_type(checkpoint, "pulumi:providers:kubernetes"),
        bool(latest_of(checkpoint).get("pending_operations")),
    )


def _check_owner(site: Site, stack: Stack, checkpoint: Mapping[str, Any]) -> None:
    """Raises Refused where the state is under another stack's key, as after a rename."""
    secrets = latest_of(checkpoint).get("secrets_providers") or {}
    place = urlsplit(str((secrets.get("state") or {}).get("url", "")))
    alias = f"{place.netloc}{place.path}"
    ours = site.ground.key_alias("")
    if alias.startswith(ours) and alias != site.ground.key_alias(stack.name):
        other = alias.removeprefix(ours)
        raise Refused(
            Problem(
                f"the state of project `{stack.project}` is stack `{other}`'s, not `{stack.name}`'s",
                stack.position,
                f"it lies under the key of `{other}`, which no identity of `{stack.name}` may use",
                f"remove `{other}` under its own name (`prodfirst destroy {other}`), and give the program of "
                f"`{stack.name}` another project name in its `Pulumi.yaml`",
            )
        )


def recorded_resources(site: Site, project: str, access: AwsAccess) -> tuple[Mapping[str, Any], ...]:
    """What a project's state lists, as the engine writes it; nothing where there is no state."""
    checkpoint = site.bucket(access).checkpoint(project, site.environment.name)
    return tuple(latest_of(checkpoint or {}).get("resources") or ())


def recorded_version(site: Site, stack: Stack, access: AwsAccess) -> StateVersion | None:
    """The version of the recorded state; None where the deployment does not exist."""
    found = recorded(site, stack, access)
    return found.version if found else None
