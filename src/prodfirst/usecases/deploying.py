"""Carrying out one deployment of an approved plan, and no more than it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.journal import Journal
from prodfirst.adapters.pulumi.engine import Engine, Outcome, Preview
from prodfirst.adapters.pulumi.engine import Result as Ended
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.adapters.source import folder_digest, mapping_digest
from prodfirst.estate.definition import Stack, StackName
from prodfirst.kernel.errors import Problem, Refused
from prodfirst.kernel.findings import Finding
from prodfirst.kernel.paths import home, private_dir
from prodfirst.planning.admit import admit
from prodfirst.planning.checks import ObjectCheck
from prodfirst.planning.closing import last_steps
from prodfirst.planning.contracts import ReadField
from prodfirst.planning.interrupted import Interrupted
from prodfirst.planning.plan import DeploymentPlan
from prodfirst.planning.progress import Listener, Message, Phase
from prodfirst.planning.results import DeploymentResult, Result, StepFailure
from prodfirst.planning.state import EMPTY, StateVersion
from prodfirst.planning.steps import Operation, Step
from prodfirst.usecases.contracts import check_published, reads_of
from prodfirst.usecases.keeping import keeping
from prodfirst.usecases.narrate import narrator
from prodfirst.usecases.plan import bind
from prodfirst.usecases.preflight import (
    fail_where_clusters_are_silent,
    gone_clusters,
    leaving,
    refuse_what_clusters_refuse,
    told_of_gone,
)
from prodfirst.usecases.recorded import Recorded, recorded, recorded_resources, recorded_version
from prodfirst.usecases.recovery import Recovery
from prodfirst.usecases.site import Site
from prodfirst.usecases.taken_on import taken_on


@dataclass(frozen=True)
class Deployer:
    """Carries out single deployments under their apply identities."""

    site: Site
    engine: Engine
    listen: Listener
    journal: Journal
    destroy: bool

    def carry_out(self, plan: DeploymentPlan) -> DeploymentResult:
        """Preview again, admit, update. Raises Refused or Failure where nothing was begun."""
        stack = self.site.estate.stacks[StackName(plan.stack)]
        identity, access = taken_on(self.site, stack, "apply")
        known = recorded(self.site, stack, access)
        version = known.version if known else None
        reads = () if self.destroy else reads_of(self.site, stack, access, {})
        check_published(self.site, stack, reads)
        recovery = Recovery(self.site, stack, access, self.engine, self.listen)
        recovery.release()
        resumed = self.journal.interrupted(plan.name)
        self._check_state(plan, version, resumed=resumed)
        in_flight = known is not None and known.in_flight
        if plan.settled and not in_flight and (version or EMPTY) == plan.state:
            _admit(plan, self._now(plan, stack, reads))
            return DeploymentResult(
                plan.name, Result.UNCHANGED, why="nothing was planned, and nothing changed"
            )
        listed = recorded_resources(self.site, stack.project, access) if plan.closing else ()
        held = keeping(stack, listed) if plan.closing else {}
        with (
            self.site.engine_run(stack, access, reads, more=held) as run,
            tempfile.TemporaryDirectory(prefix="plan-", dir=private_dir(home() / "tmp")) as folder,
        ):
            if version is None:
                self.engine.init(run)
            interrupted: tuple[Interrupted, ...] = ()
            if in_flight:
                interrupted = recovery.take_up(run, self.journal)
                known = recorded(self.site, stack, access)
                version = known.version if known else None
            self.listen(Phase(plan.name, "preview under the apply identity"))
            guard = Path(folder) / "plan.json"
            preview = self.engine.preview(
                run, empty=self.destroy, save_plan=guard, on_event=narrator(plan.name, self.listen)
            )
            fresh = bind(
                self.site,
                stack,
                identity,
                version or EMPTY,
                preview,
                empty=self.destroy,
                reads=reads,
                recorded=known.contract if known else {},
            )
            resolved = _admit(plan, fresh, resumed=resumed)
            run, objects = self._ask_clusters(plan, run, preview, known, Path(folder))
            self.journal.write("started", plan.name, plan=plan.digest, resolved=resolved)
            result = self._update(plan, run, guard, self._same_state(stack, access, version))
            return replace(result, interrupted=interrupted, objects=objects)

    def _ask_clusters(
        self, plan: DeploymentPlan, run: EngineRun, preview: Preview, known: Recorded | None, folder: Path
    ) -> tuple[EngineRun, tuple[ObjectCheck, ...]]:
        """The run, and what clusters say; raises Refused or Failure before the first change."""
        environment = run.engine_environment
        gone = gone_clusters(self.site, preview, known, environment)
        for finding in told_of_gone(gone):
            self.listen(Message(plan.name, "warning", f"{finding.what}: {finding.why}"))
        fail_where_clusters_are_silent(plan.name, preview, known, environment, gone=gone, done="applied")
        objects = refuse_what_clusters_refuse(self.engine, run, preview, known, folder)
        return leaving(run, gone), objects

    def _now(self, plan: DeploymentPlan, stack: Stack, reads: tuple[ReadField, ...]) -> DeploymentPlan:
        """The plan with what it would be computed from now: equal means that its steps are the same too."""
        return replace(
            plan,
            program=folder_digest(None if self.destroy else stack.program),
            configuration=mapping_digest(self.site.stack_file(stack).config),
            reads=reads,
        )

    def _update(
        self, plan: DeploymentPlan, run: EngineRun, guard: Path, approve: Callable[[], None]
    ) -> DeploymentResult:
        self.listen(Phase(plan.name, "update", carries_out=True))
        ended = "failed"
        try:
            outcome = self.engine.update(
                run,
                plan=guard,
                empty=self.destroy,
                approve=approve,
                on_event=narrator(plan.name, self.listen),
            )
            ended = "applied" if outcome.result is Ended.SUCCEEDED else "failed"
        finally:
            self.journal.write("finished", plan.name, result=ended)
        return _result(plan, outcome)

    def close(self, plan: DeploymentPlan) -> DeploymentResult:
        """What the approved plan leaves for the end, and nothing else: revocations, old halves of
        replacements."""
        stack = self.site.estate.stacks[StackName(plan.stack)]
        _, access = taken_on(self.site, stack, "apply")
        known = recorded(self.site, stack, access)
        version = known.version if known else None
        reads = reads_of(self.site, stack, access, {})
        what = "revoke what nothing needs any more" if plan.closing else "delete what was replaced"
        with (
            self.site.engine_run(stack, access, reads) as run,
            tempfile.TemporaryDirectory(prefix="plan-", dir=private_dir(home() / "tmp")) as folder,
        ):
            self.listen(Phase(plan.name, what))
            guard = Path(folder) / "plan.json"
            preview = self.engine.preview(run, save_plan=guard, on_event=narrator(plan.name, self.listen))
            fresh = replace(self._now(plan, stack, reads), steps=preview.steps)
            resolved = _admit(replace(plan, steps=last_steps(plan)), fresh)
            run, _ = self._ask_clusters(plan, run, preview, known, Path(folder))
            self.journal.write("started", plan.name, plan=plan.digest, resolved=resolved)
            return self._update(plan, run, guard, self._same_state(stack, access, version))

    def _check_state(self, plan: DeploymentPlan, version: StateVersion | None, *, resumed: bool) -> None:
        if resumed or (version or EMPTY) == plan.state:
            return
        raise Refused(
            Problem(
                f"the state of `{plan.name}` is not the one that was planned",
                why="something changed it after the plan was made",
                fix="run `prodfirst plan` again and have the new plan approved",
            )
        )

    def _same_state(
        self, stack: Stack, access: AwsAccess, version: StateVersion | None
    ) -> Callable[[], None]:
        """Called under the engine's lock, before the first registration."""

        def check() -> None:
            now = recorded_version(self.site, stack, access)
            if (now or EMPTY) != (version or EMPTY):
                raise Refused(
                    Problem(
                        f"the state of `{stack.name}/{self.site.environment.name}` changed while apply began",
                        why="somebody else changed it between our preview and the engine's lock",
                        fix="run `prodfirst plan` again and have the new plan approved",
                    )
                )

        return check


class NotAdmitted(Refused):
    """The fresh plan is not within the approved one."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(*map(problem_of, findings))
        self.findings = findings


def _admit(approved: DeploymentPlan, fresh: DeploymentPlan, *, resumed: bool = False) -> int:
    """How many unknown values are known now; raises NotAdmitted where the fresh plan holds more."""
    begun = (step.urn for step in approved.steps if step.operation in (Operation.CREATE, Operation.REPLACE))
    admission = admit(approved, fresh, done=frozenset(begun) if resumed else frozenset())
    if admission.refusals:
        raise NotAdmitted(admission.refusals)
    return len(admission.resolved)


def _result(plan: DeploymentPlan, outcome: Outcome) -> DeploymentResult:
    """A deployment is applied also where only old halves of replacements are left: dependents go on."""
    replaced = {step.urn for step in plan.steps if step.operation is Operation.REPLACE}
    failed = tuple(StepFailure(item.step, item.reasons) for item in outcome.failed)
    changed = _changed(outcome)
    old_halves = all(item.step.operation is Operation.DELETE and item.step.urn in replaced for item in failed)
    if outcome.result is Ended.FAILED and failed and old_halves and not outcome.unfinished:
        return DeploymentResult(plan.name, Result.APPLIED, done=changed, leftovers=failed)
    succeeded = outcome.result is Ended.SUCCEEDED
    result = (Result.APPLIED if changed else Result.UNCHANGED) if succeeded else Result.FAILED
    return DeploymentResult(
        plan.name,
        result,
        why="\n".join(map(str, outcome.problems)),
        done=changed,
        failed=failed,
        unfinished=outcome.unfinished,
    )


def _changed(outcome: Outcome) -> tuple[Step, ...]:
    return tuple(step for step in outcome.done if step.operation is not Operation.SAME)


def problem_of(finding: Finding) -> Problem:
    """A finding that stops a run, as a problem."""
    return Problem(finding.what, finding.where, finding.why, finding.fix)
