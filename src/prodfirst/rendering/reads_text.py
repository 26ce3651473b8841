"""What a deployment reads of other stacks, for people: how well each value is known."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from prodfirst.planning.contracts import Knowledge, ReadField
from prodfirst.rendering.plain import printable
from prodfirst.rendering.values_text import value_text

_STYLES = {Knowledge.PLANNED: "yellow", Knowledge.UNKNOWN: "cyan", Knowledge.KNOWN: "dim"}


def reads_text(reads: Iterable[ReadField], out: Console, *, verbose: bool = False) -> None:
    """One line a field; of those that do not change, only their number unless `verbose`."""
    listed = list(reads)
    known = [read for read in listed if read.knowledge is Knowledge.KNOWN]
    for read in listed:
        if verbose or read.knowledge is not Knowledge.KNOWN:
            out.print(_line(read, None if verbose else out.width))
    if known and not verbose:
        names = ", ".join(sorted({read.stack for read in known}))
        count = f"{len(known)} field{'s' if len(known) > 1 else ''}"
        out.print(Text(f"     reads {count} of {printable(names)}, unchanged", style="dim"))


def _line(read: ReadField, width: int | None) -> Text:
    line = Text(f"     reads {printable(read.stack)}.{printable(read.field)} ")
    line.append(read.knowledge.value, style=_STYLES[read.knowledge])
    if read.knowledge is Knowledge.UNKNOWN:
        return line.append(" (after apply)", style="dim")
    return line.append(
        f" {value_text(read.value, None if width is None else max(20, width - len(line) - 1))}"
    )
