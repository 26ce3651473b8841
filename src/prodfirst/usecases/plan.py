"""`prodfirst plan`: what would happen, in one plan of all selected deployments."""

from __future__ import annotations

from datetime import UTC, datetime

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.scratch import scratch
from prodfirst.adapters.source import folder_digest, mapping_digest
from prodfirst.estate.definition import Stack
from prodfirst.planning.guards import check
from prodfirst.planning.plan import DeploymentPlan, EstatePlan
from prodfirst.planning.progress import Listener, Phase
from prodfirst.planning.state import EMPTY, StateVersion, state_version
from prodfirst.planning.steps import Step, in_order
from prodfirst.usecases.narrate import narrator
from prodfirst.usecases.site import Site


def plan(
    site: Site, stacks: tuple[Stack, ...], engine: Engine, listen: Listener, *, destroy: bool
) -> EstatePlan:
    """Preview every deployment under its plan identity. `stacks` come in the order of application."""
    order = tuple(reversed(stacks)) if destroy else stacks
    plans = []
    for stack in order:
        identity, access = site.identity(stack, "plan")
        plans.append(
            plan_deployment(site, stack, engine, listen, identity=identity, access=access, empty=destroy)
        )
    return EstatePlan(
        estate=site.estate.name,
        environment=site.environment.name,
        destroy=destroy,
        created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        engine=engine.binary.version,
        deployments=tuple(plans),
    )


def plan_deployment(
    site: Site,
    stack: Stack,
    engine: Engine,
    listen: Listener,
    *,
    identity: str,
    access: AwsAccess,
    empty: bool,
) -> DeploymentPlan:
    """Preview one deployment; one that does not exist yet, against an empty scratch backend."""
    version = recorded_version(site, stack, access)
    if version is None and empty:
        return bind(site, stack, identity, EMPTY, (), empty=empty)
    name = f"{stack.name}/{site.environment.name}"
    listen(Phase(name, "preview"))
    hear = narrator(name, listen)
    with site.engine_run(stack, access) as run:
        if version is None:
            with scratch(engine, run) as nowhere:
                preview = engine.preview(nowhere, on_event=hear)
        else:
            preview = engine.preview(run, empty=empty, on_event=hear)
    return bind(site, stack, identity, version or EMPTY, preview.steps, empty=empty)


def bind(
    site: Site, stack: Stack, identity: str, version: StateVersion, steps: tuple[Step, ...], *, empty: bool
) -> DeploymentPlan:
    """Previewed steps, bound to all that it was computed from, with what the guards say."""
    steps = in_order(steps)
    name = f"{stack.name}/{site.environment.name}"
    return DeploymentPlan(
        stack=stack.name,
        environment=site.environment.name,
        project=stack.project,
        layer=stack.layer.value,
        owner=stack.owner,
        stateful=stack.stateful,
        program=folder_digest(None if empty else stack.program),
        configuration=mapping_digest(site.stack_file(stack).config),
        state=version,
        identity=identity,
        steps=steps,
        findings=check(name, stack.stateful, steps),
    )


def recorded_version(site: Site, stack: Stack, access: AwsAccess) -> StateVersion | None:
    """The version of the recorded state; None where the deployment does not exist."""
    checkpoint = site.bucket(access).checkpoint(stack.project, site.environment.name)
    return None if checkpoint is None else state_version(checkpoint)
