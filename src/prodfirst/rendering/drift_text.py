"""Drift, for people."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.planning.steps import Change, Operation, Step
from prodfirst.rendering.plain import printable
from prodfirst.rendering.plan_text import short_type
from prodfirst.rendering.values_text import differences, value_text


def drift_text(found: tuple[DeploymentDrift, ...], out: Console) -> None:
    """Print what differs, per deployment: identities first, then what stateful stacks have lost."""
    for item in sorted(found, key=_order):
        _deployment(item, out)
    if any(item.steps for item in found):
        out.print(Text("next: `prodfirst plan` shows what would set it right", style="dim"))


def _order(item: DeploymentDrift) -> tuple[bool, bool]:
    return not item.findings, not (item.stateful and any(map(_gone, item.steps)))


def _deployment(item: DeploymentDrift, out: Console) -> None:
    heading = Text(printable(item.deployment), style="bold")
    heading.append(f"  {_summary(item)}", style="bold yellow" if item.drifted else "not bold dim")
    out.print(heading)
    for finding in item.findings:
        out.print(Text(f"  {printable(finding.what)}", style="bold red"))
        out.print(Text(f"    why: {printable(finding.why)}"))
        out.print(Text(f"    next: {printable(finding.fix)}", style="dim"))
    for step in sorted(item.steps, key=lambda step: not _gone(step)):
        word, style = ("gone", "bold red") if _gone(step) else ("changed", "yellow")
        line = Text(f"  {word:<8}", style=style)
        out.print(line.append(f"{short_type(step.type)} {printable(step.name)}", style="not bold default"))
        for change in step.changes:
            for part in differences(change):
                out.print(Text(f"        {_difference(part)}"))


def _difference(part: Change) -> str:
    return f"{printable(part.path)}: recorded {value_text(part.old)}, live {value_text(part.new)}"


def _gone(step: Step) -> bool:
    return step.operation is Operation.DELETE


def _summary(item: DeploymentDrift) -> str:
    if item.skipped:
        return f"not looked at: {printable(item.skipped)}"
    count = len(item.steps) + len(item.findings)
    return f"{count} drifted" if count else "no drift"
