"""Errors, for people and for machines. Standard library only: the way to an error must be short."""

from __future__ import annotations

import json
from collections.abc import Iterator

from prodfirst.kernel.errors import Position, Problem, ProdfirstError
from prodfirst.rendering.plain import paragraph, printable

_RED, _PLAIN = "\x1b[1;31m", "\x1b[0m"


def problems_text(error: ProdfirstError, *, colour: bool, width: int | None = None) -> str:
    """All problems of an error: what and where, then why, then what to do next; folded to `width` columns."""
    return "\n".join(line for problem in error.problems for line in _lines(problem, colour, width))


def _lines(problem: Problem, colour: bool, width: int | None) -> Iterator[str]:
    begin, end = (_RED, _PLAIN) if colour else ("", "")
    where = f"{printable(str(problem.where))}: " if problem.where else ""
    first, *more = tuple(paragraph(problem.what, width=width, first=f"error: {where}", rest="  ")) or (
        f"error: {where}",
    )
    yield f"{begin}error{end}{first.removeprefix('error')}"
    yield from more
    for label, text in (("why", problem.why), ("next", problem.fix)):
        yield from paragraph(text, width=width, first=f"  {label}: ", rest="    ")


def problems_json(error: ProdfirstError) -> str:
    """Version 1 of the shape of an error; `line` and `column` count from 1."""
    problems = [
        {"what": item.what, "where": _where(item.where), "why": item.why, "next": item.fix}
        for item in error.problems
    ]
    shape = {"prodfirst": "error", "version": 1, "exit": int(error.exit_code), "problems": problems}
    return json.dumps(shape, indent=2)


def _where(where: Position | str | None) -> dict[str, object] | str | None:
    if isinstance(where, Position):
        return {"file": where.file, "line": where.line, "column": where.column}
    return where
