"""`prodfirst drift`: what the cloud says that the checkpoint does not."""

from __future__ import annotations

from dataclasses import dataclass

from prodfirst.adapters.pulumi.drifting import Drift
from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import Failure, Problem, ProdfirstError
from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.planning.progress import Listener, Phase
from prodfirst.planning.steps import Operation, Step
from prodfirst.usecases.narrate import narrator
from prodfirst.usecases.recorded import recorded_version
from prodfirst.usecases.site import Site
from prodfirst.usecases.taken_on import taken_on


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and what could not be looked at."""

    drifts: tuple[DeploymentDrift, ...]
    errors: tuple[ProdfirstError, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Of all errors."""
        return tuple(problem for error in self.errors for problem in error.problems)


def drift(
    site: Site, stacks: tuple[Stack, ...], engine: Engine, listen: Listener
) -> tuple[DeploymentDrift, ...]:
    """The drift of all. Raises Failure where one could not be looked at."""
    looked = look(site, stacks, engine, listen)
    if looked.errors:
        raise Failure(*looked.problems)
    return looked.drifts


def look(
    site: Site, stacks: tuple[Stack, ...], engine: Engine, listen: Listener, *, record: bool = False
) -> Found:
    """Refresh every deployment under its plan identity, changing nothing.

    With `record` also write what is found into the state, under its apply identity: a plan sets it right.
    One that cannot be looked at does not keep the others.
    """
    drifts: list[DeploymentDrift] = []
    errors: list[ProdfirstError] = []
    for stack in stacks:
        try:
            drifts.append(_deployment(site, stack, engine, listen, record=record))
        except ProdfirstError as error:
            errors.append(error)
            name = f"{stack.name}/{site.environment.name}"
            drifts.append(DeploymentDrift(name, stack.stateful, (), error.problems[0].what))
    return Found(tuple(drifts), tuple(errors))


def _deployment(
    site: Site, stack: Stack, engine: Engine, listen: Listener, *, record: bool
) -> DeploymentDrift:
    name = f"{stack.name}/{site.environment.name}"
    _, access = taken_on(site, stack, "apply" if record else "plan")
    if recorded_version(site, stack, access) is None:
        return DeploymentDrift(name, stack.stateful, (), "it does not exist yet")
    listen(Phase(name, "compare the state with the cloud"))
    with site.engine_run(stack, access) as run:
        found = engine.refresh(run, preview_only=not record, on_event=narrator(name, listen))
    return DeploymentDrift(name, stack.stateful, tuple(map(_step, found)))


def _step(drift: Drift) -> Step:
    return Step(Operation.DELETE if drift.gone else Operation.UPDATE, drift.urn, changes=drift.changes)
