"""`prodfirst plan`: what would happen, in one plan of all selected deployments."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.pulumi.engine import Engine, Preview
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.adapters.pulumi.scratch import scratch
from prodfirst.adapters.source import folder_digest, mapping_digest
from prodfirst.estate.definition import Layer, Reader, Stack, StackName
from prodfirst.kernel.errors import Failure, Problem, ProdfirstError
from prodfirst.kernel.findings import Finding
from prodfirst.kernel.paths import home, private_dir
from prodfirst.kernel.ready import run_ready, workers
from prodfirst.permissions.keeping_aws import recorded_roles
from prodfirst.planning.checks import ObjectCheck
from prodfirst.planning.closing import closing_steps
from prodfirst.planning.contracts import Contract, ReadField, contract_in
from prodfirst.planning.guards import Subject, check
from prodfirst.planning.interrupted import Interrupted
from prodfirst.planning.plan import DeploymentPlan, EstatePlan
from prodfirst.planning.progress import Listener, Phase
from prodfirst.planning.state import EMPTY, StateVersion
from prodfirst.planning.steps import Step, in_order
from prodfirst.usecases.contracts import reads_of
from prodfirst.usecases.cutoff import Cutoff
from prodfirst.usecases.keeping import held_roles, keeping, kept_for_now, takes_away
from prodfirst.usecases.left_behind import left_behind, losing
from prodfirst.usecases.lock_guard import lock_findings
from prodfirst.usecases.narrate import narrator
from prodfirst.usecases.preflight import (
    fail_where_clusters_are_silent,
    gone_clusters,
    told_of_gone,
    what_clusters_say,
)
from prodfirst.usecases.recorded import Recorded, recorded, recorded_resources, recorded_version
from prodfirst.usecases.site import Site
from prodfirst.usecases.taken_on import taken_on


class Incomplete(ProdfirstError):
    """Some deployments could not be planned; `plan` holds the others, and is no plan to apply."""

    def __init__(self, errors: Iterable[ProdfirstError], plan: EstatePlan) -> None:
        listed = tuple(errors)
        super().__init__(*(problem for error in listed for problem in error.problems))
        self.exit_code = max(error.exit_code for error in listed)
        self.plan = plan


def plan(
    site: Site, stacks: tuple[Stack, ...], engine: Engine, listen: Listener, *, destroy: bool
) -> EstatePlan:
    """Preview every deployment under its plan identity, each as soon as what it reads is previewed.

    `stacks` come in the order of application. Raises Incomplete where some could not be previewed: what does
    not read them is planned all the same.
    """
    planning = _Planning(site, stacks, engine, listen)
    order = tuple(reversed(stacks)) if destroy else stacks
    waits = {
        stack.name: frozenset[StackName]() if destroy else site.estate.reads_of(stack.name) for stack in order
    }
    work = planning.removal if destroy else planning.deployment
    done = run_ready(waits, _telling(work, waits), workers=workers(), interrupted=engine.stop.request)
    made = EstatePlan(
        estate=site.estate.name,
        environment=site.environment.name,
        destroy=destroy,
        created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        engine=engine.binary.version,
        deployments=tuple(item for stack in order if isinstance(item := done[stack.name], DeploymentPlan)),
    )
    if errors := [item for item in done.values() if isinstance(item, ProdfirstError)]:
        raise Incomplete(errors, made)
    return made


_Work = Callable[[StackName, Mapping[StackName, DeploymentPlan]], DeploymentPlan]


def _telling(
    work: _Work, waits: Mapping[StackName, frozenset[StackName]]
) -> Callable[
    [StackName, Mapping[StackName, DeploymentPlan | ProdfirstError]], DeploymentPlan | ProdfirstError
]:
    """The same work with its error as a result, so that one deployment does not keep the others."""

    def told(
        name: StackName, done: Mapping[StackName, DeploymentPlan | ProdfirstError]
    ) -> DeploymentPlan | ProdfirstError:
        planned = {other: item for other, item in done.items() if isinstance(item, DeploymentPlan)}
        if missing := sorted(waits[name] & (done.keys() - planned.keys())):
            names = ", ".join(f"`{other}`" for other in missing)
            return Failure(Problem(f"`{name}` was not planned", why=f"it reads {names}, which could not be"))
        try:
            return work(name, planned)
        except ProdfirstError as error:
            return error

    return told


@dataclass(frozen=True, slots=True)
class _Looked:
    """One preview, with what was asked beside it."""

    preview: Preview
    interrupted: tuple[Interrupted, ...]
    objects: tuple[ObjectCheck, ...]
    findings: tuple[Finding, ...]
    """Of clusters that are deleted."""


class _Planning:
    """One run of `plan`."""

    def __init__(self, site: Site, stacks: tuple[Stack, ...], engine: Engine, listen: Listener) -> None:
        self._site = site
        self._stacks = frozenset(stack.name for stack in stacks)
        self._engine = engine
        self._listen = listen
        self._cutoff = Cutoff(site, engine)

    def deployment(self, name: StackName, planned: Mapping[StackName, DeploymentPlan]) -> DeploymentPlan:
        """Preview one deployment; one that does not exist yet, against an empty scratch backend."""
        site, stack = self._site, self._site.estate.stacks[name]
        identity, access = taken_on(site, stack, "plan")
        known = recorded(site, stack, access)
        reads = reads_of(site, stack, access, planned)
        version = known.version if known else EMPTY
        basis = self._cutoff.basis(stack, identity, reads, version)
        if (same := self._cutoff.find(stack, basis)) is not None:
            return same
        looked = self._preview(stack, access, reads, known)
        made = bind(
            site,
            stack,
            identity,
            version,
            looked.preview,
            reads=reads,
            recorded=known.contract if known else {},
            interrupted=looked.interrupted,
            objects=looked.objects,
        )
        made = replace(made, findings=(*looked.findings, *made.findings))
        self._cutoff.keep(stack, basis, made, looked.preview)
        return self._revoking(made, stack, access, known) if takes_away(stack, made.steps) else made

    def _revoking(
        self, exact: DeploymentPlan, stack: Stack, access: AwsAccess, known: Recorded | None
    ) -> DeploymentPlan:
        """A plan in two halves: what other deployments of this plan may need is kept for them."""
        listed = recorded_resources(self._site, stack.project, access)
        looked = self._preview(stack, access, exact.reads, known, more=keeping(stack, listed))
        steps = in_order(looked.preview.steps)
        closing = closing_steps(steps, exact.steps)
        identity = stack.layer is Layer.IDENTITY
        held = recorded_roles(listed) if identity else ()
        findings = (
            *left_behind(self._site, held, exact.steps),
            *losing(self._site, closing, self._stacks),
            *exact.findings,
        )
        if len(self._stacks) == 1 or not closing:
            return replace(exact, findings=findings)
        return replace(
            exact,
            steps=steps,
            closing=closing,
            findings=(*kept_for_now(self._site, stack, listed), *findings),
            checked=_not_checked(steps),
            objects=looked.objects,
        )

    def removal(self, name: StackName, _planned: Mapping[StackName, DeploymentPlan]) -> DeploymentPlan:
        """Preview the empty program."""
        site, stack = self._site, self._site.estate.stacks[name]
        identity, access = taken_on(site, stack, "plan")
        known = recorded(site, stack, access)
        looked = self._preview(stack, access, (), known, empty=True) if known else None
        staying = self._staying_readers(stack) if known and known.contract else ()
        contract = known.contract if known else {}
        version = known.version if known else EMPTY
        made = bind(
            site,
            stack,
            identity,
            version,
            looked.preview if looked else None,
            empty=True,
            recorded=contract,
            readers=staying,
            interrupted=looked.interrupted if looked else (),
            objects=looked.objects if looked else (),
        )
        if stack.layer is not Layer.IDENTITY:
            return made
        held = held_roles(site, stack, access)
        findings = left_behind(site, held, made.steps, self._stacks)
        return replace(made, findings=(*findings, *made.findings))

    def _preview(
        self,
        stack: Stack,
        access: AwsAccess,
        reads: tuple[ReadField, ...],
        known: Recorded | None,
        *,
        empty: bool = False,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> _Looked:
        """And what a killed run left in flight, and what clusters say of their objects."""
        with (
            self._site.engine_run(stack, access, reads, more=more) as run,
            tempfile.TemporaryDirectory(prefix="look-", dir=private_dir(home() / "tmp")) as folder,
        ):
            preview, interrupted = self._previewed(stack, access, run, known, empty=empty)
            name = f"{stack.name}/{self._site.environment.name}"
            gone = gone_clusters(self._site, preview, known, access.environment)
            fail_where_clusters_are_silent(name, preview, known, access.environment, gone=gone)
            objects = what_clusters_say(self._engine, run, preview, known, Path(folder))
            return _Looked(preview, interrupted, objects, told_of_gone(gone))

    def _previewed(
        self, stack: Stack, access: AwsAccess, run: EngineRun, known: Recorded | None, *, empty: bool
    ) -> tuple[Preview, tuple[Interrupted, ...]]:
        """What a killed run left in flight is found out first, on a copy of the state."""
        deployment = f"{stack.name}/{self._site.environment.name}"
        self._listen(Phase(deployment, "preview"))
        hear = narrator(deployment, self._listen)
        if known and known.in_flight:
            from prodfirst.usecases.recovery import Recovery  # after a kill alone

            recovery = Recovery(self._site, stack, access, self._engine, self._listen)
            with recovery.on_a_copy(run) as found:
                preview = self._engine.preview(found.run, empty=empty, on_event=hear)
                return preview, found.interrupted
        if known:
            return self._engine.preview(run, empty=empty, on_event=hear), ()
        with scratch(self._engine, run) as nowhere:
            return self._engine.preview(nowhere, on_event=hear), ()

    def _staying_readers(self, stack: Stack) -> tuple[Reader, ...]:
        """Who reads the contract of a stack that goes, and is there, and does not go with it."""
        return tuple(
            reader
            for reader in self._site.estate.readers_of(stack.name)
            if reader.stack not in self._stacks and self._exists(reader.stack)
        )

    def _exists(self, name: StackName) -> bool:
        stack = self._site.estate.stacks[name]
        _, access = taken_on(self._site, stack, "plan")
        return recorded_version(self._site, stack, access) is not None


def _not_checked(steps: tuple[Step, ...]) -> tuple[str, ...]:
    count = sum(step.unchecked for step in steps)
    if not count:
        return ()
    return (
        f"not the inputs of {count} resource{'s' if count > 1 else ''}: the configuration of the provider "
        "is known after apply, which previews again before it changes anything",
    )


def bind(
    site: Site,
    stack: Stack,
    identity: str,
    version: StateVersion,
    preview: Preview | None,
    *,
    empty: bool = False,
    reads: tuple[ReadField, ...] = (),
    recorded: Contract,
    readers: tuple[Reader, ...] | None = None,
    interrupted: tuple[Interrupted, ...] = (),
    objects: tuple[ObjectCheck, ...] = (),
) -> DeploymentPlan:
    """A preview (None where there is nothing to remove), bound to all that it was computed from.

    With what the guards say: `recorded` is the contract as last published, `readers` are who reads it.
    """
    steps = in_order(preview.steps if preview else ())
    graph = preview.graph if preview and not empty else None
    subject = Subject(
        name=f"{stack.name}/{site.environment.name}",
        stateful=stack.stateful,
        steps=steps,
        graph=graph,
        recorded=recorded,
        interrupted=interrupted,
        readers=site.estate.readers_of(stack.name) if readers is None else readers,
    )
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
        findings=(*lock_findings(site, stack, graph), *check(subject)),
        checked=_not_checked(steps),
        interrupted=interrupted,
        objects=objects,
        reads=reads,
        publishes=contract_in(graph) if graph else {},
    )
