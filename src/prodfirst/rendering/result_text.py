"""How an apply ended, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from prodfirst.planning.results import DeploymentResult, EstateResult, Result
from prodfirst.planning.steps import Operation, Step
from prodfirst.rendering.findings_text import findings_text
from prodfirst.rendering.plain import paragraph, printable, rows
from prodfirst.rendering.plan_text import short_type

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
        line = Text(f"{printable(item.deployment):<{width}}  ", style="bold")
        line.append(f"{item.result:<11}", style=_STYLES[item.result])
        line.append(f"{item.seconds:6.1f} s  ", style="not bold dim")
        line.append(_totals(item.done), style="not bold")
        line.rstrip()
        out.print(line)
        for row in _reasons(item, out.width):
            out.print(Text(row))
        findings_text(item.findings, out)
    _summary(result, out)


def _totals(done: tuple[Step, ...]) -> str:
    counts = Counter(step.operation for step in done)
    return ", ".join(f"{counts[operation]} {word}" for operation, word in _DONE.items() if counts[operation])


def _reasons(item: DeploymentResult, width: int) -> Iterator[str]:
    for entry in item.interrupted:
        yield from paragraph(entry.text, width=width, first="    ", rest="      ")
    yield from paragraph(item.why, width=width, first="    ", rest="    ")
    for failure in item.failed:
        yield f"    failed: {_step(failure.step)}"
        for reason in failure.reasons:
            yield from (f"      {row}" for row in rows(reason))
    for step in item.unfinished:
        yield f"    in flight: {_step(step)} (begun, end unknown)"


def _step(step: Step) -> str:
    source = f"  {step.source.file}:{step.source.line}" if step.source else ""
    return f"{step.operation} {short_type(step.type)} {printable(step.name)}{printable(source)}"


def _summary(result: EstateResult, out: Console) -> None:
    counts = Counter(item.result for item in result.deployments)
    parts = [f"{counts[kind]} {kind}" for kind in _STYLES if counts[kind]]
    text = f"{', '.join(parts) or 'nothing to do'}; plan {result.plan}"
    for row in paragraph(text, width=out.width, rest="  "):
        out.print(Text(row, style="dim"))
