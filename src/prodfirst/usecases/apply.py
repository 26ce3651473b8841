"""`prodfirst apply`: carry out an approved plan, and no more than it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from prodfirst.adapters.journal import Journal
from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.kernel.errors import InvalidInput, Problem, ProdfirstError, Refused
from prodfirst.kernel.findings import Severity
from prodfirst.kernel.ready import run_ready, workers
from prodfirst.planning.plan import DeploymentPlan, EstatePlan
from prodfirst.planning.progress import Listener
from prodfirst.planning.results import DeploymentResult, EstateResult, Result
from prodfirst.usecases.deploying import Deployer, NotAdmitted, problem_of
from prodfirst.usecases.site import Site


@dataclass(frozen=True)
class Apply:
    """One apply of one approved plan."""

    site: Site
    approved: EstatePlan
    engine: Engine
    deployer: Deployer

    @classmethod
    def of(cls, site: Site, approved: EstatePlan, engine: Engine, listen: Listener) -> Apply:
        """Checks that the plan is one of this estate and environment, and that no guard forbids it."""
        _check_plan(site, approved)
        journal = Journal.of(site.journal_folder, approved.digest)
        return cls(site, approved, engine, Deployer(site, engine, listen, journal, approved.destroy))

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
        for stack, plan in reversed(plans.items()):
            if plan.closing or results[stack].leftovers:
                results[stack] = self._close(plan, results)
        return EstateResult(self.approved.digest, tuple(results[stack] for stack in plans))

    def _close(self, plan: DeploymentPlan, results: Mapping[str, DeploymentResult]) -> DeploymentResult:
        """What was left for the end, now that nothing needs it any more.

        A revocation waits where a dependent did not come through: the next run takes it up.
        """
        result = results[plan.stack]
        waiting = [item.deployment for item in results.values() if item.blocks and item is not result]
        if result.blocks:
            return result
        if plan.closing and (waiting or self.engine.stop.requests):
            return replace(result, why=_not_revoked(plan, waiting))
        closed = self._timed(plan, self.deployer.close)
        seconds = result.seconds + closed.seconds
        if closed.blocks:
            return replace(
                result,
                result=closed.result,
                why=closed.why,
                findings=closed.findings,
                failed=closed.failed,
                seconds=seconds,
            )
        done = (*result.done, *closed.done)
        ended = Result.APPLIED if done else Result.UNCHANGED
        return replace(result, result=ended, why="", done=done, leftovers=(), seconds=seconds)

    def _waits_for(self, stack: str) -> frozenset[str]:
        """What must be done before; on destroy the arrows are reversed."""
        if not self.approved.destroy:
            return frozenset(self.site.estate.before(stack))
        return frozenset(self.site.estate.after(stack))

    def _deployment(self, plan: DeploymentPlan) -> DeploymentResult:
        return self._timed(plan, self.deployer.carry_out)

    def _timed(
        self, plan: DeploymentPlan, act: Callable[[DeploymentPlan], DeploymentResult]
    ) -> DeploymentResult:
        begun = time.monotonic()
        try:
            result = act(plan)
        except NotAdmitted as error:
            result = DeploymentResult(plan.name, Result.REFUSED, findings=error.findings)
        except Refused as error:
            result = DeploymentResult(plan.name, Result.REFUSED, why=str(error))
        except ProdfirstError as error:
            result = DeploymentResult(plan.name, Result.FAILED, why=str(error))
        return result.lasting(time.monotonic() - begun)


def _not_reached(plan: DeploymentPlan, blocking: list[str]) -> DeploymentResult:
    names = ", ".join(f"`{name}`" for name in blocking)
    return DeploymentResult(plan.name, Result.NOT_REACHED, why=f"it depends on {names}")


def _not_revoked(plan: DeploymentPlan, waiting: list[str]) -> str:
    names = ", ".join(f"`{name}`" for name in waiting)
    why = f"{names} did not come through, and may need them" if waiting else "stopped on request"
    return (
        f"the revocations of this plan were not carried out: {why}; what the roles held stays granted "
        f"until a plan of `{plan.stack}` and all that it grants to is applied"
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
        raise Refused(*(problem_of(finding) for finding in forbidden))
