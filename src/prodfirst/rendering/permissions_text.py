"""Permissions, for people: on what, under which limits, which actions, and which resource needs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from prodfirst.rendering.plain import paragraph, printable


@dataclass(frozen=True, slots=True)
class GrantsView:
    """Some actions on one resource pattern, said in words."""

    phase: str
    """`plan` or `apply`."""
    resource: str
    limits: tuple[str, ...]
    """Conditions, each as a phrase."""
    actions: tuple[str, ...]
    needed_by: tuple[str, ...]
    """Resources of the program."""
    unscopable: str = ""
    """Why no resource is named."""


@dataclass(frozen=True, slots=True)
class LockView:
    """One lock file and what is said of it."""

    stack: str
    file: str
    standing: str
    said: str
    """What was done or is wrong, in a phrase."""
    added: tuple[GrantsView, ...] = ()
    removed: tuple[GrantsView, ...] = ()
    held: tuple[GrantsView, ...] = ()


def permissions_text(locks: Iterable[LockView], out: Console) -> None:
    """Print each lock: its name and standing, then what it holds, gains and loses."""
    for lock in locks:
        head = printable(f"{lock.stack}  {lock.said}  {lock.file}")
        for row in paragraph(head, width=out.width, rest="    "):
            out.print(Text(row, style="bold"))
        for sign, style, views in (
            ("+", "green", lock.added),
            ("-", "red", lock.removed),
            (" ", "", lock.held),
        ):
            for view in views:
                _grants(view, sign, style, out)


def _grants(view: GrantsView, sign: str, style: str, out: Console) -> None:
    limits = f"  ({'; '.join(view.limits)})" if view.limits else ""
    lines = [
        (f"{view.phase:<5} {view.resource}{limits}", "", style),
        (", ".join(view.actions), "", style),
        (", ".join(view.needed_by), "for ", "dim"),
    ]
    if view.unscopable:
        lines.append((view.unscopable, "all resources: ", "yellow"))
    for index, (text, label, look) in enumerate(lines):
        first = f"  {sign} " if index == 0 else f"          {label}"
        for row in paragraph(text, width=out.width, first=first, rest=" " * 12):
            out.print(Text(row, style=look))
