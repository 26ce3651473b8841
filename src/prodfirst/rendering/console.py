"""The terminal: width, colours, and where they are not wanted (`NO_COLOR`, no terminal, CI)."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from rich.console import Console

WIDTH = 100
"""Columns where there is no terminal: wide enough for a plan, narrow enough for a CI log."""
_NARROWEST = 40


class PlainConsole(Console):
    """A console that prints text as it is: no markup, no emoji, no wrapping of its own."""

    def __init__(self, stream: TextIO, width: int | None) -> None:
        super().__init__(file=stream, width=width, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def on_broken_pipe(self) -> None:
        """The reader has gone: let `cli/main.py` say with which exit code the command ends."""
        raise BrokenPipeError


def console(stream: TextIO | None = None) -> Console:
    """A console on `stream`, by default standard output. `COLUMNS` sets the width of what is no terminal."""
    target = stream or sys.stdout
    return PlainConsole(target, None if target.isatty() else _columns())


def _columns() -> int:
    given = os.environ.get("COLUMNS", "")
    return max(int(given), _NARROWEST) if given.isdecimal() else WIDTH
