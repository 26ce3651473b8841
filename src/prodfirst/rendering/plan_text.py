"""A plan for people: risk first, one line a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from prodfirst.kernel.errors import Position
from prodfirst.kernel.findings import Severity
from prodfirst.planning.plan import DeploymentPlan, EstatePlan
from prodfirst.planning.steps import Change, Operation, Step
from prodfirst.rendering.checks_text import checks_text
from prodfirst.rendering.findings_text import findings_text
from prodfirst.rendering.plain import paragraph, printable
from prodfirst.rendering.reads_text import reads_text
from prodfirst.rendering.values_text import change_text, differences, value_text

_STYLES: Mapping[Operation, tuple[str, str]] = {
    Operation.DELETE: ("-", "bold red"),
    Operation.REPLACE: ("+-", "bold magenta"),
    Operation.UPDATE: ("~", "yellow"),
    Operation.CREATE: ("+", "green"),
    Operation.IMPORT: ("=", "cyan"),
    Operation.READ: (">", "cyan"),
    Operation.SAME: ("", "dim"),
}
"""Riskiest first; the symbols are Pulumi's."""

_LOSING = (Operation.DELETE, Operation.REPLACE)
_STEP_LIMIT = 40
"""Steps of one operation beyond this are counted, unless they delete or replace."""
_CHANGE_LIMIT = 12
"""Differences of one step beyond this are counted, unless they force a replacement."""
_READABLE = 150
"""Changes beyond this nobody reads line by line before approving them."""


def plan_text(plan: EstatePlan, out: Console, *, verbose: bool = False) -> None:
    """Print the plan; `verbose` unfolds everything, and lists inputs and what stays the same."""
    _heading(plan, out)
    _at_risk(plan, out)
    for item in plan.deployments:
        _deployment(item, out, verbose=verbose)
    for stack, reason in plan.skipped:
        _note(f"{stack}: skipped, {reason}", out, "")
    _totals(plan, out)


def _heading(plan: EstatePlan, out: Console) -> None:
    count = len(plan.deployments)
    facts = f"{count} deployment{'s' if count != 1 else ''}, engine {printable(plan.engine)}"
    name = printable(f"{plan.estate}/{plan.environment}")
    line = Text(f"{'Removal' if plan.destroy else 'Plan'} of {name}", style="bold")
    out.print(line.append(f"  {facts}", style="not bold dim"))
    out.print()


def _at_risk(plan: EstatePlan, out: Console) -> None:
    risky = [(item, step) for item in plan.deployments for step in item.changes if _loses_data(item, step)]
    if not risky:
        return
    out.print(Text(f"Data at risk: {len(risky)} in stateful stacks", style="bold red"))
    for item, step in sorted(risky, key=lambda pair: _LOSING.index(pair[1].operation)):
        out.print(_line(step, out.width, prefix=f"{item.name}  "))
    out.print()


def _loses_data(plan: DeploymentPlan, step: Step) -> bool:
    real = not step.type.startswith("pulumi:")
    return plan.stateful and real and step.operation in _LOSING


def _deployment(plan: DeploymentPlan, out: Console, *, verbose: bool) -> None:
    heading = Text(printable(plan.name), style="bold")
    marks = f"{plan.layer} · owner {plan.owner}{' · stateful' if plan.stateful else ''}"
    out.print(heading.append(f"  {printable(marks)}", style="not bold dim"))
    if plan.reused:
        _note(f"not run again: {printable(plan.reused)}", out)
    reads_text(plan.reads, out, verbose=verbose)
    if plan.interrupted:
        _note("a run was killed; apply takes up first what it left:", out)
    for item in plan.interrupted:
        _note(item.text, out, "       ")
    for operation in _STYLES:
        steps = [step for step in plan.steps if step.operation is operation]
        if verbose or operation is not Operation.SAME:
            _steps(operation, steps, out, verbose=verbose)
    if plan.closing:
        _note("revoked last, when every other deployment of this plan is done:", out, "  ")
        for operation in _STYLES:
            steps = [step for step in plan.closing if step.operation is operation]
            _steps(operation, steps, out, verbose=verbose)
    same = len(plan.steps) - len(plan.changes)
    if same and not verbose:
        _note(f"{same} unchanged", out)
    if not plan.steps:
        _note("nothing to do", out)
    findings_text(plan.findings, out)
    for note in plan.checked:
        _note(f"checked: {note}", out)
    for row in checks_text(plan.objects, out.width, verbose=verbose):
        out.print(Text(row, style="dim"))
    out.print()


def _steps(operation: Operation, steps: list[Step], out: Console, *, verbose: bool) -> None:
    whole = verbose or operation in _LOSING
    shown = steps if whole else steps[:_STEP_LIMIT]
    for step in shown:
        out.print(_line(step, out.width))
        for row in _details(step, verbose=verbose):
            out.print(row)
    if folded := steps[len(shown) :]:
        kinds = Counter(short_type(step.type) for step in folded).most_common(3)
        listed = ", ".join(f"{count} {kind}" for kind, count in kinds)
        more = ", …" if len({step.type for step in folded}) > len(kinds) else ""
        _note(f"… and {len(folded)} more to {operation} ({listed}{more}); `--verbose` shows them", out)


def _line(step: Step, width: int, prefix: str = "") -> Text:
    """Symbol, operation, type and name on the left; the line in the team's program on the right."""
    symbol, style = _STYLES[step.operation]
    line = Text("  ")
    line.append(f"{symbol:<2} {step.operation:<8}", style=style)
    line.append(printable(prefix))
    line.append(short_type(step.type), style="bold")
    line.append(f" {printable(step.name)}")
    if step.protect:
        line.append("  protected", style="cyan")
    if step.unchecked:
        line.append("  unchecked", style="cyan")
    if step.source is not None:
        left = cell_len(line.plain)
        source = _source(step.source, width - left - 2)
        line.append(" " * max(width - left - cell_len(source), 2) + source, style="dim")
    return line


def _source(position: Position, room: int) -> str:
    """`file:line`; where there is no room for the whole path, the end of it."""
    parts = printable(position.file).split("/")
    for begin in range(len(parts)):
        shown = f"{'…/' if begin else ''}{'/'.join(parts[begin:])}:{position.line}"
        if len(shown) <= room:
            return shown
    return f"line {position.line}"


def _details(step: Step, *, verbose: bool) -> Iterator[Text]:
    if verbose and step.operation in (Operation.CREATE, Operation.IMPORT):
        for key, value in step.inputs.items():
            yield Text(f"        {printable(key)}: {value_text(value, None)}")
    parts = [part for change in step.changes for part in differences(change)]
    parts.sort(key=lambda part: not part.replaces)
    forcing = sum(part.replaces for part in parts)
    shown = parts if verbose else parts[: max(_CHANGE_LIMIT, forcing)]
    for part in shown:
        yield _difference(part, verbose=verbose)
    if len(parts) > len(shown):
        yield Text(
            f"        … and {len(parts) - len(shown)} more differences; `--verbose` shows them", style="dim"
        )


def _difference(part: Change, *, verbose: bool) -> Text:
    line = Text(f"        {change_text(part, None) if verbose else change_text(part)}")
    if part.replaces:
        line.append("  forces replacement", style="magenta")
    return line


def _totals(plan: EstatePlan, out: Console) -> None:
    by_layer: dict[str, Counter[Operation]] = {}
    last: Counter[str] = Counter()
    for item in plan.deployments:
        by_layer.setdefault(item.layer, Counter()).update(step.operation for step in item.steps)
        last[item.layer] += len(item.closing)
    for layer, counts in by_layer.items():
        counted = f"{_counted(counts)}{f', then {last[layer]} to revoke' if last[layer] else ''}"
        out.print(Text(f"{printable(layer)}: ", style="bold").append(counted, style="not bold"))
    if forbidding := sum(finding.severity is Severity.MANDATORY for finding in plan.findings):
        text = f"{forbidding} mandatory finding{'s' if forbidding > 1 else ''}: apply refuses this plan"
        out.print(Text(text, style="bold red"))
    _splitting(plan, out)
    out.print(Text(f"digest {plan.digest}", style="dim"))


def _splitting(plan: EstatePlan, out: Console) -> None:
    """How a plan that is too large to be read is made of parts that are not."""
    changes = {item.name: len(item.changes) for item in plan.deployments if item.changes}
    if sum(changes.values()) <= _READABLE:
        return
    largest = max(changes, key=lambda name: changes[name])
    stack = largest.partition("/")[0]
    text = f"{sum(changes.values())} changes are a lot to approve at once: "
    text += f"plan stacks by name, such as `prodfirst plan {stack}`" if len(changes) > 1 else ""
    if changes[largest] > _READABLE:
        joined = "; and " if len(changes) > 1 else ""
        text += (
            f"{joined}split stack `{stack}` by what changes at different times or belongs to different people"
        )
    _note(text, out, "")


def _counted(counts: Counter[Operation]) -> str:
    parts = [
        f"{counts[operation]} {'unchanged' if operation is Operation.SAME else f'to {operation}'}"
        for operation in _STYLES
        if counts[operation]
    ]
    return ", ".join(parts) or "nothing to do"


def _note(text: str, out: Console, indent: str = "     ") -> None:
    for row in paragraph(text, width=out.width, first=indent, rest=f"{indent}  "):
        out.print(Text(row, style="dim"))


def short_type(token: str) -> str:
    """`aws:ec2/vpc:Vpc` as `aws:ec2:Vpc`: the middle says nothing new."""
    package, _, rest = printable(token).partition(":")
    module, _, name = rest.rpartition(":")
    return f"{package}:{module.split('/')[0]}:{name}" if module else printable(token)
