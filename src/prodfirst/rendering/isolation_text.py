"""Attempts and decisions, for people."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from prodfirst.access.attempts import Attempt
from prodfirst.rendering.plain import printable


def isolation_text(attempts: tuple[Attempt, ...], out: Console) -> None:
    """Print a table for each identity: wrong decisions first."""
    for identity in dict.fromkeys(item.identity for item in attempts):
        out.print(Text(printable(identity), style="bold"))
        own = [item for item in attempts if item.identity == identity]
        for item in sorted(own, key=lambda item: item.right):
            out.print(_row(item))
    wrong = sum(not item.right for item in attempts)
    summary = f"{len(attempts)} attempts, {wrong} decided otherwise than they must be"
    out.print(Text(summary, style="bold red" if wrong else "bold green"))


def _row(item: Attempt) -> Text:
    word = "allowed" if item.allowed else "denied"
    if not item.right:
        return Text(f"  {word.upper():<8} {printable(item.what)}", style="bold red")
    line = Text(f"  {word:<8} {printable(item.what)}")
    return line.append(f"  {printable(item.audit)}", style="dim") if item.audit else line
