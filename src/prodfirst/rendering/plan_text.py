"""A plan for people: risk first, one line a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.text import Text

from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.plan import DeploymentPlan, EstatePlan
from prodfirst.planning.steps import Change, Operation, Step
from prodfirst.resources.values import SECRET, UNKNOWN, Value

_STYLES: Mapping[Operation, tuple[str, str]] = {
    Operation.DELETE: ("-", "bold red"),
    Operation.REPLACE: ("±", "bold magenta"),
    Operation.UPDATE: ("~", "yellow"),
    Operation.CREATE: ("+", "green"),
    Operation.IMPORT: ("=", "cyan"),
    Operation.READ: (">", "cyan"),
    Operation.SAME: (" ", "dim"),
}
"""Riskiest first; the symbols are Pulumi's, but for replace, which takes one column."""

_RISK = list(_STYLES)
_FOLD = 40
"""Steps of one operation beyond this are folded, unless they delete or replace."""
_VALUE_WIDTH = 48


def plan_text(plan: EstatePlan, out: Console, *, verbose: bool = False) -> None:
    """Print the plan; `verbose` unfolds everything and lists what stays the same."""
    risky = [(item, step) for item in plan.deployments for step in item.changes if _loses_data(item, step)]
    if risky:
        out.print(Text(f"Data at risk: {len(risky)} in stateful stacks", style="bold red"))
        for item, step in risky:
            out.print(_line(step, prefix=f"{item.name} "))
        out.print()
    for item in plan.deployments:
        _deployment(item, out, verbose=verbose)
    for stack, reason in plan.skipped:
        out.print(Text(f"{stack}: skipped, {reason}", style="dim"))
    _totals(plan, out)


def _loses_data(plan: DeploymentPlan, step: Step) -> bool:
    real = not step.type.startswith("pulumi:")
    return plan.stateful and real and step.operation in (Operation.DELETE, Operation.REPLACE)


def _deployment(plan: DeploymentPlan, out: Console, *, verbose: bool) -> None:
    heading = Text(plan.name, style="bold")
    heading.append(
        f"  {plan.layer} · owner {plan.owner}{' · stateful' if plan.stateful else ''}", style="dim"
    )
    out.print(heading)
    for operation in _RISK:
        steps = [step for step in plan.steps if step.operation is operation]
        if steps and (verbose or operation is not Operation.SAME):
            _steps(operation, steps, out, verbose=verbose)
    same = sum(step.operation is Operation.SAME for step in plan.steps)
    if same and not verbose:
        out.print(Text(f"    {same} unchanged", style="dim"))
    if not plan.steps:
        out.print(Text("    nothing to do", style="dim"))
    for finding in plan.findings:
        finding_text(finding, out)
    for note in plan.checked:
        out.print(Text(f"    {note}", style="dim"))
    out.print()


def _steps(operation: Operation, steps: list[Step], out: Console, *, verbose: bool) -> None:
    may_fold = operation not in (Operation.DELETE, Operation.REPLACE) and not verbose
    shown = steps[:_FOLD] if may_fold else steps
    for step in shown:
        out.print(_line(step))
        for change in step.changes:
            out.print(_change(change))
    if len(steps) > len(shown):
        rest = f"    … and {len(steps) - len(shown)} more to {operation}; `--verbose` shows them"
        out.print(Text(rest, style="dim"))


def _line(step: Step, prefix: str = "") -> Text:
    symbol, style = _STYLES[step.operation]
    line = Text("  ")
    line.append(f"{symbol} {step.operation:<8}", style=style)
    line.append(prefix)
    line.append(short_type(step.type), style="bold")
    line.append(f" {step.name}")
    if step.protect:
        line.append("  protected", style="cyan")
    if step.source is not None:
        line.append(f"  {step.source.file}:{step.source.line}", style="dim")
    return line


def _change(change: Change) -> Text:
    line = Text("        ")
    line.append(change.path)
    line.append(": ")
    line.append(f"{value_text(change.old)} → {value_text(change.new)}")
    if change.replaces:
        line.append("  forces the replacement", style="magenta")
    return line


def finding_text(finding: Finding, out: Console) -> None:
    """Print one finding: what, where, why and what to do."""
    style = "bold red" if finding.severity is Severity.MANDATORY else "yellow"
    head = Text("  ! ", style=style)
    head.append(f"{finding.rule} ({finding.severity}): ", style=style)
    head.append(finding.what)
    out.print(head)
    for label, text in (("where", str(finding.where or "")), ("why", finding.why), ("next", finding.fix)):
        if text:
            out.print(Text(f"      {label}: {text}", style="dim"))


def _totals(plan: EstatePlan, out: Console) -> None:
    by_layer: dict[str, Counter[Operation]] = {}
    for item in plan.deployments:
        by_layer.setdefault(item.layer, Counter()).update(step.operation for step in item.steps)
    for layer, counts in by_layer.items():
        parts = [f"{counts[operation]} to {operation}" for operation in _RISK if counts[operation]]
        out.print(Text(f"{layer}: ", style="bold").append(", ".join(_words(parts)) or "nothing"))
    out.print(Text(f"plan {plan.digest}", style="dim"))


def _words(parts: list[str]) -> Iterator[str]:
    for part in parts:
        yield part.replace("to same", "unchanged")


def short_type(token: str) -> str:
    """`aws:ec2/vpc:Vpc` as `aws:ec2:Vpc`: the middle says nothing new."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    return f"{package}:{module.split('/')[0]}:{name}" if module else token


def value_text(value: Value) -> str:
    """One value on one line, cut to a column's width."""
    if value is UNKNOWN:
        return "(known after apply)"
    if value is SECRET:
        return "[secret]"
    if value is None:
        return "(none)"
    text = _literal(value)
    return text if len(text) <= _VALUE_WIDTH else f"{text[: _VALUE_WIDTH - 1]}…"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'.replace("\n", "\\n")
    if isinstance(value, tuple):
        return f"[{', '.join(value_text(item) for item in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {value_text(item)}" for key, item in value.items()) + "}"
    return str(value)
