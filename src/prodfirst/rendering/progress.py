"""Progress while a run goes on: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from prodfirst.planning.progress import (
    Listener,
    Message,
    Phase,
    Progress,
    StepFailed,
    StepFinished,
    StepStarted,
)
from prodfirst.rendering.console import console
from prodfirst.rendering.plan_text import short_type
from prodfirst.resources.graph import urn_name, urn_type

_SILENT = ("same", "refresh", "read")
"""Operations whose steps are too many and too quick to be told one by one."""


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Listener]:
    """A listener that writes to standard error, so that standard output holds the answer alone."""
    if quiet:
        yield lambda _event: None
        return
    out = console(sys.stderr)
    if not out.is_terminal:
        yield Lines(out)
        return
    with out.status("") as status:
        lines = Lines(out, lambda text: status.update(text))
        yield lines


class Lines:
    """One line per event, with the time since the begin; safe to call from several threads."""

    def __init__(self, out: Console, live: object = None) -> None:
        self._out = out
        self._live = live
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._started: dict[tuple[str, str], float] = {}

    def __call__(self, event: Progress) -> None:
        with self._lock:
            self._take(event)

    def _take(self, event: Progress) -> None:
        match event:
            case Phase():
                self._say(event.deployment, event.text, "dim")
            case StepStarted():
                self._started[(event.deployment, event.urn)] = time.monotonic()
                if callable(self._live):
                    self._live(Text(f"{event.deployment}  {event.operation} {urn_name(event.urn)}"))
            case StepFinished() if event.operation not in _SILENT:
                self._say(event.deployment, f"{_step(event)} {self._took(event)}", "green")
            case StepFailed():
                self._say(event.deployment, f"{_step(event)} failed {self._took(event)}", "bold red")
            case Message() if event.severity != "info":
                self._say(event.deployment, f"{event.severity}: {event.text}", "yellow")
            case Message():
                self._say(event.deployment, event.text, "")
            case _:
                pass

    def _took(self, event: StepFinished | StepFailed) -> str:
        begun = self._started.pop((event.deployment, event.urn), None)
        return "" if begun is None else f"{time.monotonic() - begun:.1f} s"

    def _say(self, deployment: str, text: str, style: str) -> None:
        line = Text(f"{time.monotonic() - self._begun:6.1f} s  ", style="dim")
        line.append(f"{deployment}  ", style="bold")
        line.append(text, style=style)
        self._out.print(line)


def _step(event: StepStarted | StepFinished | StepFailed) -> str:
    return f"{event.operation} {short_type(urn_type(event.urn))} {urn_name(event.urn)}"
