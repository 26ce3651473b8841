"""What this machine has and lacks, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.text import Text

from prodfirst.rendering.plain import paragraph, printable


class Standing(StrEnum):
    """How one thing stands."""

    OK = "ok"
    LATER = "later"
    """Not there yet; the first run that needs it makes it."""
    OPTIONAL = "optional"
    """Not there; something works less well without."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked for."""

    name: str
    standing: Standing
    found: str
    """What is there, or why it cannot be used."""
    wanted_for: str
    fix: str = ""


_STYLES = {
    Standing.OK: "green",
    Standing.LATER: "",
    Standing.OPTIONAL: "yellow",
    Standing.MISSING: "bold red",
}


def missing(checks: tuple[Check, ...]) -> int:
    """How many things are needed and not there."""
    return sum(check.standing is Standing.MISSING for check in checks)


def doctor_text(checks: tuple[Check, ...], out: Console) -> None:
    """Print one row per check; below it what to do, where there is something to do."""
    wide = max(len(check.name) for check in checks)
    indent = " " * (10 + wide + 1)
    for check in checks:
        head = Text(f"{check.standing:<9} ", style=_STYLES[check.standing])
        first, *more = tuple(paragraph(check.found, width=out.width - len(indent))) or ("",)
        out.print(head + Text(f"{printable(check.name):<{wide}} {first}"))
        for row in more:
            out.print(Text(indent + row))
        if check.fix:
            for row in paragraph(f"for: {check.wanted_for}", width=out.width, first=indent, rest=indent):
                out.print(Text(row, style="dim"))
            for row in paragraph(f"next: {check.fix}", width=out.width, first=indent, rest=f"{indent}  "):
                out.print(Text(row))
    lacking = missing(checks)
    out.print(Text(f"{lacking} missing" if lacking else "nothing is missing", style="bold"))


def doctor_json(checks: tuple[Check, ...]) -> dict[str, Any]:
    """Version 1 of the shape; `standing` is ok, later, optional or missing."""
    return {
        "prodfirst": "doctor",
        "version": 1,
        "ok": not missing(checks),
        "checks": [
            {
                "name": check.name,
                "standing": check.standing.value,
                "found": check.found,
                "for": check.wanted_for,
                "next": check.fix,
            }
            for check in checks
        ],
    }
