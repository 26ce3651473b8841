"""`prodfirst drift`: what the cloud says that the checkpoint does not."""

from __future__ import annotations

from prodfirst.adapters.pulumi.drifting import Drift
from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.estate.definition import Stack
from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.planning.progress import Listener, Phase
from prodfirst.planning.steps import Operation, Step
from prodfirst.usecases.narrate import narrator
from prodfirst.usecases.recorded import recorded_version
from prodfirst.usecases.site import Site


def drift(
    site: Site, stacks: tuple[Stack, ...], engine: Engine, listen: Listener
) -> tuple[DeploymentDrift, ...]:
    """Refresh every deployment under its plan identity, changing nothing."""
    return tuple(_deployment(site, stack, engine, listen) for stack in stacks)


def _deployment(site: Site, stack: Stack, engine: Engine, listen: Listener) -> DeploymentDrift:
    name = f"{stack.name}/{site.environment.name}"
    _, access = site.identity(stack, "plan")
    if recorded_version(site, stack, access) is None:
        return DeploymentDrift(name, stack.stateful, (), "it does not exist yet")
    listen(Phase(name, "compare the state with the cloud"))
    with site.engine_run(stack, access) as run:
        found = engine.refresh(run, preview_only=True, on_event=narrator(name, listen))
    return DeploymentDrift(name, stack.stateful, tuple(map(_step, found)))


def _step(drift: Drift) -> Step:
    return Step(Operation.DELETE if drift.gone else Operation.UPDATE, drift.urn, changes=drift.changes)
