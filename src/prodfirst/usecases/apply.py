"""`prodfirst apply`: carry out an approved plan, and no more than it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.journal import Journal
from prodfirst.adapters.pulumi.engine import Engine, Outcome
from prodfirst.adapters.pulumi.engine import Result as Ended
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.estate.definition import Stack, StackName
from prodfirst.kernel.errors import Failure, InvalidInput, Problem, ProdfirstError, Refused
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.kernel.paths import home, private_dir
from prodfirst.kernel.ready import run_ready, workers
from prodfirst.planning.admit import admit
from prodfirst.planning.plan import DeploymentPlan, EstatePlan
from prodfirst.planning.progress import Listener, Phase
from prodfirst.planning.results import DeploymentResult, EstateResult, Result, StepFailure
from prodfirst.planning.state import EMPTY, StateVersion
from prodfirst.planning.steps import Operation
from prodfirst.usecases.contracts import check_published, reads_of
from prodfirst.usecases.narrate import narrator
from prodfirst.usecases.plan import bind
from prodfirst.usecases.recorded import recorded, recorded_version
from prodfirst.usecases.site import Site


@dataclass(frozen=True)
class Apply:
    """One apply of one approved plan."""

    site: Site
    approved: EstatePlan
    engine: Engine
    listen: Listener
    journal: Journal

    @classmethod
    def of(cls, site: Site, approved: EstatePlan, engine: Engine, listen: Listener) -> Apply:
        """Checks that the plan is one of this estate and environment, and that no guard forbids it."""
        _check_plan(site, approved)
        folder = home() / "journal" / site.estate.name / site.environment.name
        return cls(site, approved, engine, listen, Journal.of(folder, approved.digest))

    def run(self) -> EstateResult:
        """Apply each deployment as soon as all that it waits for is done.

        What waits for a failed or refused one is not reached; nothing else is held up.
        """
        plans = {plan.stack: plan for plan in self.approved.deployments}
        waits = {stack: self._waits_for(stack) & plans.keys() for stack in plans}

        def work(stack: str, done: Mapping[str, DeploymentResult]) -> DeploymentResult:
            if self.engine.stop.requests:
                return DeploymentResult(plans[stack].name, Result.NOT_REACHED, why="stopped on request")
            blocking = [done[other].deployment for other in sorted(waits[stack]) if done[other].blocks]
            return _not_reached(plans[stack], blocking) if blocking else self._deployment(plans[stack])

        results = run_ready(waits, work, workers=workers(), interrupted=self.engine.stop.request)
        return EstateResult(self.approved.digest, tuple(results[stack] for stack in plans))

    def _waits_for(self, stack: str) -> frozenset[str]:
        """What must be done before; on destroy the arrows are reversed."""
        if not self.approved.destroy:
            return frozenset(self.site.estate.reads_of(stack))
        return frozenset(reader.stack for reader in self.site.estate.readers_of(stack))

    def _deployment(self, plan: DeploymentPlan) -> DeploymentResult:
        begun = time.monotonic()
        try:
            result = self._carry_out(plan)
        except NotAdmitted as error:
            result = DeploymentResult(plan.name, Result.REFUSED, findings=error.findings)
        except Refused as error:
            result = DeploymentResult(plan.name, Result.REFUSED, why=str(error))
        except ProdfirstError as error:
            result = DeploymentResult(plan.name, Result.FAILED, why=str(error))
        return result.lasting(time.monotonic() - begun)

    def _carry_out(self, plan: DeploymentPlan) -> DeploymentResult:
        stack = self.site.estate.stacks[StackName(plan.stack)]
        identity, access = self.site.identity(stack, "apply")
        known = recorded(self.site, stack, access)
        version = known.version if known else None
        if version is None and not plan.changes:
            return DeploymentResult(
                plan.name, Result.UNCHANGED, why="it does not exist and nothing is planned"
            )
        reads = () if self.approved.destroy else reads_of(self.site, stack, access, {})
        check_published(self.site, stack, reads)
        self._check_lock(plan, stack, access)
        self._check_state(plan, version, resumed=self.journal.interrupted(plan.name))
        self.listen(Phase(plan.name, "preview under the apply identity"))
        with (
            self.site.engine_run(stack, access, reads) as run,
            tempfile.TemporaryDirectory(prefix="plan-", dir=private_dir(home() / "tmp")) as folder,
        ):
            if version is None:
                self.engine.init(run)
            guard = Path(folder) / "plan.json"
            preview = self.engine.preview(
                run, empty=self.approved.destroy, save_plan=guard, on_event=narrator(plan.name, self.listen)
            )
            fresh = bind(
                self.site,
                stack,
                identity,
                version or EMPTY,
                preview,
                empty=self.approved.destroy,
                reads=reads,
                recorded=known.contract if known else {},
            )
            resolved = _admit(plan, fresh)
            self.journal.write("started", plan.name, plan=plan.digest, resolved=resolved)
            return self._update(plan, run, guard, self._same_state(stack, access, version))

    def _update(
        self, plan: DeploymentPlan, run: EngineRun, guard: Path, approve: Callable[[], None]
    ) -> DeploymentResult:
        self.listen(Phase(plan.name, "update", carries_out=True))
        ended = "failed"
        try:
            outcome = self.engine.update(
                run,
                plan=guard,
                empty=self.approved.destroy,
                approve=approve,
                on_event=narrator(plan.name, self.listen),
            )
            ended = "applied" if outcome.result is Ended.SUCCEEDED else "failed"
        finally:
            self.journal.write("finished", plan.name, result=ended)
        return _result(plan.name, outcome)

    def _check_lock(self, plan: DeploymentPlan, stack: Stack, access: AwsAccess) -> None:
        """The engine would refuse too, but only after a preview of a state that is about to change."""
        holder = self.site.bucket(access).holder(stack.project, self.site.environment.name)
        if holder is not None:
            raise Failure(
                Problem(
                    f"`{plan.name}` is locked by {holder}",
                    why="another run is changing it",
                    fix="wait for that run to end; if it was killed, remove its lock with `pulumi cancel`",
                )
            )

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
        super().__init__(*map(_problem, findings))
        self.findings = findings


def _admit(approved: DeploymentPlan, fresh: DeploymentPlan) -> int:
    """How many unknown values are known now; raises NotAdmitted where the fresh plan holds more."""
    admission = admit(approved, fresh)
    if admission.refusals:
        raise NotAdmitted(admission.refusals)
    return len(admission.resolved)


def _not_reached(plan: DeploymentPlan, blocking: list[str]) -> DeploymentResult:
    names = ", ".join(f"`{name}`" for name in blocking)
    return DeploymentResult(plan.name, Result.NOT_REACHED, why=f"it depends on {names}")


def _result(name: str, outcome: Outcome) -> DeploymentResult:
    changed = tuple(step for step in outcome.done if step.operation is not Operation.SAME)
    succeeded = outcome.result is Ended.SUCCEEDED
    result = (Result.APPLIED if changed else Result.UNCHANGED) if succeeded else Result.FAILED
    return DeploymentResult(
        name,
        result,
        why="\n".join(map(str, outcome.problems)),
        done=changed,
        failed=tuple(StepFailure(item.step, item.reasons) for item in outcome.failed),
        unfinished=outcome.unfinished,
    )


def _check_plan(site: Site, plan: EstatePlan) -> None:
    wanted = f"{site.estate.name}/{site.environment.name}"
    if f"{plan.estate}/{plan.environment}" != wanted:
        raise InvalidInput(
            Problem(
                f"the plan is for `{plan.estate}/{plan.environment}`, not for `{wanted}`",
                fix="name its own estate",
            )
        )
    if missing := [item.stack for item in plan.deployments if item.stack not in site.estate.stacks]:
        raise InvalidInput(
            Problem(f"the estate has no stack `{missing[0]}` any more", fix="run `prodfirst plan` again")
        )
    forbidden = [item for item in plan.findings if item.severity is Severity.MANDATORY]
    if forbidden:
        raise Refused(*(_problem(finding) for finding in forbidden))


def _problem(finding: Finding) -> Problem:
    return Problem(finding.what, finding.where, finding.why, finding.fix)
