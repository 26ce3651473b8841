"""What others wrote cannot erase a line, add one, recolour or reverse it, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from planning_layouts import deployment, estate
from rich.console import Console
from screens import made, plan_screen, screen

from prodfirst.kernel.errors import Failure, Position, Problem
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.checks import ObjectCheck, Verdict
from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.planning.plan import Digest, EstatePlan
from prodfirst.planning.progress import Message, Phase, StepFailed, StepFinished, StepStarted
from prodfirst.planning.recorded import DeploymentStatus
from prodfirst.planning.results import DeploymentResult, EstateResult, Result, StepFailure
from prodfirst.planning.steps import Operation
from prodfirst.rendering.problems import problems_text
from prodfirst.rendering.progress import Reporter
from prodfirst.rendering.text import Text

EVIL = "a\x1b[2K\x1b]0;t\x07\r\x9b1A\u202eb\u2028c"
CHANGES = (EVIL, {EVIL: EVIL}, [EVIL]), (EVIL, EVIL, EVIL + "x")
STEP = replace(made("update", EVIL, *CHANGES, type=EVIL, inputs={EVIL: EVIL}), source=Position(EVIL, 3))
OTHERS = (Operation.CREATE, Operation.DELETE, Operation.REPLACE)
DRIFT = (DeploymentDrift(EVIL, True, (STEP,)), DeploymentDrift(EVIL, True, (), EVIL))
FINDING = Finding(EVIL, Severity.MANDATORY, EVIL, EVIL, EVIL, EVIL)


def _plan() -> EstatePlan:
    plan = replace(
        deployment(stack=EVIL, environment=EVIL, layer=EVIL, owner=EVIL),
        steps=(STEP, *(replace(STEP, operation=operation) for operation in OTHERS)),
        findings=(FINDING,),
        checked=(EVIL,),
        objects=tuple(ObjectCheck(STEP.urn, verdict, EVIL, EVIL) for verdict in Verdict),
    )
    return replace(estate(plan), estate=EVIL, environment=EVIL, engine=EVIL, skipped=((EVIL, EVIL),))


def _result(out: Console) -> None:
    item = DeploymentResult(
        EVIL, Result.FAILED, EVIL, (FINDING,), (STEP,), (StepFailure(STEP, (EVIL,)),), (STEP,)
    )
    Text(out).result(EstateResult(Digest("d"), (item,)))


def _progress(out: Console) -> None:
    reporter = Reporter(out)
    for event in (
        Phase(EVIL, EVIL, carries_out=True),
        StepStarted(EVIL, "create", STEP.urn),
        StepFinished(EVIL, "create", STEP.urn),
        StepFailed(EVIL, EVIL, STEP.urn, EVIL),
        Message(EVIL, "error", EVIL, STEP.urn),
    ):
        reporter(event)
    out.print(reporter.live())


@pytest.mark.parametrize(
    "draw",
    [
        lambda out: Text(out).plan(_plan()),
        lambda out: Text(out, verbose=True).plan(_plan()),
        _result,
        _progress,
        lambda out: Text(out).drift(DRIFT),
        lambda out: Text(out).status((DeploymentStatus(EVIL, EVIL, EVIL, True, 1, EVIL, None, 1),)),
        lambda out: Text(out).outputs(EVIL, {EVIL: EVIL}),
        lambda out: out.print(problems_text(Failure(Problem(EVIL, EVIL, EVIL, EVIL)), colour=False)),
    ],
    ids=["plan", "plan verbose", "result", "progress", "drift", "status", "outputs", "problems"],
)
def test_no_character_that_a_terminal_obeys_gets_through(draw: Callable[[Console], None]) -> None:
    shown = screen(draw)
    assert "\\x1b[2K" in shown
    assert {char for char in shown if not char.isprintable()} == {"\n"}


def test_ordinary_text_in_any_language_stays_as_it_is() -> None:
    step = made("create", "größe-日本-🚀")
    assert "größe-日本-🚀" in plan_screen(estate(replace(deployment(), steps=(step,))))
