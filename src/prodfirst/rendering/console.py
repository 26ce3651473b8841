"""The terminal: width, colours, and where they are not wanted (`NO_COLOR`, no terminal, CI)."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console

WIDTH = 100
"""Columns where there is no terminal: wide enough for a plan, narrow enough for a CI log."""


def console(stream: TextIO | None = None) -> Console:
    """A console on `stream` (default: standard output) that prints text as it is, with no markup in it."""
    target = stream or sys.stdout
    width = None if target.isatty() else WIDTH
    return Console(file=target, width=width, markup=False, emoji=False, highlight=False, soft_wrap=False)
