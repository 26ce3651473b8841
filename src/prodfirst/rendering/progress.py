"""Progress while a run goes on: live on a terminal, plain lines elsewhere; always on standard error.

Steps that are carried out are told one by one. Those of a preview are only counted: the plan shows them.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
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
from prodfirst.rendering.plain import clip, printable, rows
from prodfirst.rendering.plan_text import short_type
from prodfirst.resources.graph import Urn, urn_name, urn_type

_WORDS = {
    "create": ("+", "creating", "created", "green"),
    "create-replacement": ("+", "creating the replacement", "created the replacement", "green"),
    "update": ("~", "updating", "updated", "yellow"),
    "delete": ("-", "deleting", "deleted", "red"),
    "delete-replaced": ("-", "deleting the replaced", "deleted the replaced", "red"),
    "import": ("=", "importing", "imported", "cyan"),
    "import-replacement": ("=", "importing the replacement", "imported the replacement", "cyan"),
}
"""The engine's operation → symbol, while it lasts, when it is done, style. Others touch no resource."""

_STILL_SECONDS = 30.0
"""How often a log without a terminal says what is still going on; CI systems end silent jobs."""
_LIVE_ROWS = 8


@dataclass(frozen=True, slots=True)
class _Running:
    deployment: str
    operation: str
    urn: Urn
    begun: float


class Reporter:
    """Turns events into lines; safe to call from several threads.

    Two locks, because a live display asks for `live` under a lock of its own: `_state` is never held while
    something is printed, `_order` keeps the lines of one event together.
    """

    def __init__(self, out: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._order = threading.Lock()
        self._state = threading.Lock()
        self._running: dict[tuple[str, str, Urn], _Running] = {}
        self._phases: dict[str, Phase] = {}
        self._computed: Counter[str] = Counter()

    def __call__(self, event: Progress) -> None:
        """Take an event, and print what it has to say."""
        with self._order:
            with self._state:
                lines = tuple(self._take(event))
            self._print(event.deployment, lines)

    def live(self) -> Text:
        """What is going on now, for the bottom of a terminal."""
        with self._state:
            lines = [*self._phase_lines(), *self._running_lines()]
        shown = [clip(line, self._out.width - 1) for line in lines[:_LIVE_ROWS]]
        more = [f"… and {len(lines) - _LIVE_ROWS} more"] if len(lines) > _LIVE_ROWS else []
        return Text("\n".join([*shown, *more]), style="dim")

    def still(self) -> None:
        """Say what has been going on for a while."""
        with self._order:
            with self._state:
                running = [(item.deployment, self._lasting(item)) for item in self._running.values()]
            for deployment, text in running:
                self._print(deployment, [Text(f"still {text}", style="dim")])

    def _take(self, event: Progress) -> Iterator[Text]:
        match event:
            case Phase():
                self._phases[event.deployment] = event
                self._computed[event.deployment] = 0
                yield Text(printable(event.text), style="dim")
            case StepStarted() if self._told(event):
                running = _Running(event.deployment, event.operation, event.urn, self._clock())
                self._running[event.deployment, event.operation, event.urn] = running
            case StepStarted():
                self._computed[event.deployment] += 1
            case StepFinished() if self._told(event):
                style = _WORDS[event.operation][3]
                yield Text(_step(event, 2), style=style).append(self._took(event), style="not bold dim")
            case StepFailed():
                yield from self._failed(event)
            case Message():
                yield from _message(event)
            case _:
                pass

    def _told(self, event: StepStarted | StepFinished) -> bool:
        phase = self._phases.get(event.deployment)
        return phase is not None and phase.carries_out and event.operation in _WORDS

    def _failed(self, event: StepFailed) -> Iterator[Text]:
        what = f"! {printable(event.operation)} {_resource(event.urn)} failed"
        yield Text(what, style="bold red").append(self._took(event), style="not bold dim")
        for row in rows(event.reason):
            yield Text(f"    {row}")

    def _took(self, event: StepFinished | StepFailed) -> str:
        running = self._running.pop((event.deployment, event.operation, event.urn), None)
        return f"  {self._clock() - running.begun:.1f} s" if running else ""

    def _lasting(self, item: _Running) -> str:
        return f"{_step(item, 1)} {self._clock() - item.begun:.0f} s"

    def _phase_lines(self) -> Iterator[str]:
        for name, phase in self._phases.items():
            if count := self._computed[name]:
                yield f"{printable(name)}  {printable(phase.text)}: {count} computed"

    def _running_lines(self) -> Iterator[str]:
        for item in self._running.values():
            yield f"{printable(item.deployment)}  {self._lasting(item)}"

    def _print(self, deployment: str, lines: Iterable[Text]) -> None:
        for text in lines:
            line = Text().append(time.strftime("%H:%M:%S  "), style="dim")
            line.append(f"{printable(deployment)}  ", style="bold")
            self._out.print(line.append_text(text))


def _message(event: Message) -> Iterator[Text]:
    loud = event.severity in ("warning", "error")
    about = f"{_resource(event.urn)}: " if event.urn else ""
    head = f"{event.severity}: {about}" if loud else about
    style = "bold red" if event.severity == "error" else "yellow" if loud else "dim"
    for index, row in enumerate(rows(event.text)):
        yield Text(f"{head if index == 0 else '    '}{row}", style=style)


def _step(event: StepFinished | _Running, word: int) -> str:
    symbol, *words, _ = _WORDS[event.operation]
    return f"{symbol} {_resource(event.urn)} {words[word - 1]}"


def _resource(urn: Urn) -> str:
    return f"{short_type(urn_type(urn))} {printable(urn_name(urn))}"


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Listener]:
    """A listener that writes to standard error, so that standard output holds the answer alone."""
    if quiet:
        yield lambda _event: None
        return
    out = console(sys.stderr)
    reporter = Reporter(out)
    if out.is_terminal and not out.is_dumb_terminal:
        with Live(get_renderable=reporter.live, console=out, transient=True, refresh_per_second=8):
            yield reporter
        return
    with _repeating(reporter.still, _STILL_SECONDS):
        yield reporter


@contextmanager
def _repeating(action: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call `action` every `seconds` from a thread that ends with the block."""
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(seconds):
            action()

    thread = threading.Thread(target=repeat, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
