"""What is deployed, for people."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from prodfirst.planning.recorded import DeploymentStatus
from prodfirst.rendering.plain import printable

_HEADINGS = ("deployment", "layer", "owner", "resources", "last update, UTC", "state")
_DISPENSABLE = (5, 1, 2)
"""Columns of `_HEADINGS`, what is missed least first."""
_VERSION_DIGITS = 8


def status_text(found: tuple[DeploymentStatus, ...], out: Console) -> None:
    """Print one row per deployment. Drift is not in it: only the cloud knows that, and nobody asked it."""
    table = [_HEADINGS, *(_row(item) for item in found)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEADINGS))]
    shown = _fitting(widths, out.width)
    for index, row in enumerate(table):
        text = "  ".join(row[column].ljust(widths[column]) for column in shown).rstrip()
        out.print(Text(text, style="bold" if index == 0 else ""))
    for item in found:
        if item.pending:
            what = f"{item.deployment}: {item.pending} operations in flight, left by an interrupted run"
            out.print(Text(f"! {printable(what)}; next: `prodfirst plan`", style="bold yellow"))
    if any(item.exists for item in found):
        out.print(Text("drift is not known from here; next: `prodfirst drift`", style="dim"))


def _fitting(widths: list[int], limit: int) -> list[int]:
    """The columns that fit in a terminal; `--json` has those that do not."""
    shown = list(range(len(widths)))
    for column in _DISPENSABLE:
        if sum(widths[item] + 2 for item in shown) - 2 > limit:
            shown.remove(column)
    return shown


def _row(item: DeploymentStatus) -> tuple[str, ...]:
    facts = (
        (str(item.resources), item.updated[:16].replace("T", " "), (item.version or "")[:_VERSION_DIGITS])
        if item.exists
        else ("-", "not deployed", "-")
    )
    return tuple(map(printable, (item.deployment, item.layer, item.owner, *facts)))
