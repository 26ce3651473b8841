"""What a new estate is made of, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from prodfirst.estate.begun import Begun
from prodfirst.kernel.errors import Problem
from prodfirst.rendering.plain import paragraph, printable


def init_text(begun: Begun, out: Console) -> None:
    """Print what was found out, what was assumed, what was written, and what was left out."""
    wide = max(len(fact.value) for fact in begun.facts)
    for fact in begun.facts:
        kind = "assumed" if fact.assumed else "found"
        head = f"{kind:<8} {fact.what:<11} {printable(fact.value):<{wide}}  "
        for row in paragraph(fact.source, width=out.width, first=head, rest=" " * 21):
            out.print(Text(row, style="yellow" if fact.assumed else ""))
    for name in begun.adopted:
        out.print(Text(f"adopted  stack {printable(name)}"))
    for path in begun.written:
        out.print(Text(f"wrote    {printable(str(path))}"))
    notes_text(begun.notes, out)


def notes_text(notes: tuple[Problem, ...], out: Console) -> None:
    """Print what was left out, or could not be made."""
    for note in notes:
        for row in _note(note, out.width):
            out.print(Text(row, style="yellow"))


def init_json(begun: Begun) -> dict[str, Any]:
    """Version 1 of the shape; `notes` are as the problems of an error."""
    return {
        "prodfirst": "init",
        "version": 1,
        "file": str(begun.file),
        "template": begun.template,
        "facts": [
            {"what": item.what, "value": item.value, "source": item.source, "assumed": item.assumed}
            for item in begun.facts
        ],
        "written": [str(path) for path in begun.written],
        "adopted": list(begun.adopted),
        "notes": [
            {"what": item.what, "where": str(item.where or ""), "why": item.why, "next": item.fix}
            for item in begun.notes
        ],
    }


def _note(note: Problem, width: int) -> Iterator[str]:
    where = f"{note.where}: " if note.where else ""
    yield from paragraph(f"{where}{note.what}", width=width, first="note     ", rest="         ")
    for label, text in (("why", note.why), ("next", note.fix)):
        yield from paragraph(text, width=width, first=f"         {label}: ", rest="           ")
