"""Attempts and decisions, for people."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from prodfirst.access.attempts import Attempt
from prodfirst.rendering.plain import printable


def isolation_text(attempts: tuple[Attempt, ...], out: Console, *, verbose: bool = False) -> None:
    """Print how many calls of each identity were decided how, and each that was decided wrongly.

    `verbose` lists every call with its audit id, wrong decisions first.
    """
    identities = tuple(dict.fromkeys(item.identity for item in attempts))
    wide = max(map(len, identities), default=0)
    for identity in identities:
        own = [item for item in attempts if item.identity == identity]
        allowed = sum(item.allowed for item in own)
        out.print(Text(f"{printable(identity):<{wide}}  {len(own) - allowed} denied, {allowed} allowed"))
        for item in sorted(own, key=lambda item: item.right):
            if verbose or not item.right:
                out.print(_row(item))
    wrong = sum(not item.right for item in attempts)
    summary = f"{len(attempts)} attempts, {wrong} decided otherwise than they must be"
    out.print(Text(summary, style="bold red" if wrong else "bold green"))
    for cluster in sorted({item.cluster for item in attempts if item.cluster}):
        inside = sum(item.cluster == cluster for item in attempts)
        out.print(Text(f"{inside} of them in cluster {printable(cluster)}"))
    if not verbose:
        out.print(Text("`--verbose` lists each call with its audit id", style="dim"))


def _row(item: Attempt) -> Text:
    word = "allowed" if item.allowed else "denied"
    if not item.right:
        return Text(f"  {word.upper():<8} {printable(item.what)}", style="bold red")
    line = Text(f"  {word:<8} {printable(item.what)}")
    return line.append(f"  {printable(item.audit)}", style="dim") if item.audit else line
