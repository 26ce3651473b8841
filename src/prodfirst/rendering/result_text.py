"""How an apply ended, for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from prodfirst.planning.file import dump_finding
from prodfirst.planning.results import DeploymentResult, EstateResult, Result
from prodfirst.planning.steps import Operation, Step
from prodfirst.rendering.plan_text import finding_text, short_type

_STYLES = {
    Result.APPLIED: "green",
    Result.UNCHANGED: "dim",
    Result.REFUSED: "bold yellow",
    Result.FAILED: "bold red",
    Result.NOT_REACHED: "yellow",
}
_DONE = {
    Operation.CREATE: "created",
    Operation.UPDATE: "updated",
    Operation.REPLACE: "replaced",
    Operation.DELETE: "deleted",
    Operation.IMPORT: "imported",
    Operation.READ: "read",
    Operation.SAME: "unchanged",
}


def result_text(result: EstateResult, out: Console) -> None:
    """Print one line per deployment, and the reasons where it did not succeed."""
    width = max((len(item.deployment) for item in result.deployments), default=0)
    for item in result.deployments:
        line = Text(f"{item.deployment:<{width}}  ", style="bold")
        line.append(f"{item.result:<11}", style=_STYLES[item.result])
        line.append(f"{item.seconds:6.1f} s  ", style="dim")
        line.append(_totals(item.done))
        out.print(line)
        for text in _reasons(item):
            out.print(Text(text))
        for finding in item.findings:
            finding_text(finding, out)


def _totals(done: tuple[Step, ...]) -> str:
    counts = Counter(step.operation for step in done)
    return ", ".join(f"{counts[operation]} {word}" for operation, word in _DONE.items() if counts[operation])


def _reasons(item: DeploymentResult) -> Iterator[str]:
    for row in item.why.splitlines():
        yield f"    {row}"
    for failure in item.failed:
        step = failure.step
        yield f"    failed: {step.operation} {short_type(step.type)} {step.name}"
        for reason in failure.reasons:
            yield from (f"      {row}" for row in reason.splitlines())
    for step in item.unfinished:
        yield f"    in flight: {step.operation} {short_type(step.type)} {step.name} (begun, end unknown)"


def result_json(result: EstateResult) -> dict[str, Any]:
    """Version 1 of the result's shape."""
    return {
        "prodfirst": "result",
        "version": 1,
        "plan": result.plan,
        "deployments": [_deployment(item) for item in result.deployments],
    }


def _deployment(item: DeploymentResult) -> dict[str, Any]:
    return {
        "deployment": item.deployment,
        "result": item.result.value,
        "why": item.why,
        "findings": [dump_finding(finding) for finding in item.findings],
        "done": [_step(step) for step in item.done if step.operation is not Operation.SAME],
        "failed": [{**_step(failure.step), "reasons": list(failure.reasons)} for failure in item.failed],
        "unfinished": [_step(step) for step in item.unfinished],
        "totals": dict(Counter(step.operation.value for step in item.done)),
        "seconds": round(item.seconds, 3),
    }


def _step(step: Step) -> dict[str, str]:
    return {"operation": step.operation.value, "urn": step.urn}
