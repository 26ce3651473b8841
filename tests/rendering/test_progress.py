"""Progress: what is carried out is told line by line, from any thread, and never in the way of the answer."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterable

import pytest
from rich.live import Live

from prodfirst.planning.progress import Message, Phase, Progress, StepFailed, StepFinished, StepStarted
from prodfirst.rendering.console import PlainConsole
from prodfirst.rendering.progress import Reporter, progress
from prodfirst.resources.graph import Urn

VPC = Urn("urn:pulumi:local::acme::aws:ec2/vpc:Vpc::main")
UPDATE = Phase("network/local", "update", carries_out=True)
PREVIEW = Phase("network/local", "preview")


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _told(events: Iterable[Progress | float], width: int = 80) -> list[str]:
    """The lines that events make; a number lets so many seconds pass. The time of day is cut off."""
    stream, clock = io.StringIO(), Clock()
    reporter = Reporter(PlainConsole(stream, width), clock)
    for event in events:
        if isinstance(event, float):
            clock.now += event
        else:
            reporter(event)
    rows = stream.getvalue().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d  ", row) for row in rows)
    return [row[10:] for row in rows]


def _step(kind: type[StepStarted] | type[StepFinished], operation: str, urn: Urn = VPC) -> Progress:
    return kind("network/local", operation, urn)


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        ("create", "+ aws:ec2:Vpc main created"),
        ("update", "~ aws:ec2:Vpc main updated"),
        ("delete", "- aws:ec2:Vpc main deleted"),
        ("create-replacement", "+ aws:ec2:Vpc main created the replacement"),
        ("delete-replaced", "- aws:ec2:Vpc main deleted the replaced"),
        ("import", "= aws:ec2:Vpc main imported"),
    ],
)
def test_a_step_that_is_carried_out(operation: str, line: str) -> None:
    told = _told([UPDATE, _step(StepStarted, operation), 1.25, _step(StepFinished, operation)])
    assert told == ["network/local  update", f"network/local  {line}  1.2 s"]


@pytest.mark.parametrize("operation", ["same", "read", "refresh", "replace", "discard", "of-a-newer-engine"])
def test_what_touches_no_resource_is_not_told(operation: str) -> None:
    told = _told([UPDATE, _step(StepStarted, operation), _step(StepFinished, operation)])
    assert told == ["network/local  update"]


def test_the_steps_of_a_preview_are_not_told_as_if_they_had_happened() -> None:
    told = _told([PREVIEW, _step(StepStarted, "create"), _step(StepFinished, "create")])
    assert told == ["network/local  preview"]


def test_a_failure_with_its_reason() -> None:
    failed = StepFailed("network/local", "create", VPC, "AccessDenied\nask the owner")
    told = _told([UPDATE, _step(StepStarted, "create"), 3.0, failed])
    assert told[1:] == [
        "network/local  ! create aws:ec2:Vpc main failed  3.0 s",
        "network/local      AccessDenied",
        "network/local      ask the owner",
    ]


def test_messages() -> None:
    told = _told(
        [
            Message("network/local", "info", "hello"),
            Message("network/local", "warning", "old\n\tapi", VPC),
            Message("network/local", "error", "no"),
        ]
    )
    assert told == [
        "network/local  hello",
        "network/local  warning: aws:ec2:Vpc main: old",
        "network/local          api",
        "network/local  error: no",
    ]


def test_what_lasts_is_said_again_for_logs_without_a_terminal() -> None:
    stream, clock = io.StringIO(), Clock()
    reporter = Reporter(PlainConsole(stream, 80), clock)
    reporter(UPDATE)
    reporter(_step(StepStarted, "create"))
    clock.now = 61.0
    reporter.still()
    assert stream.getvalue().endswith("network/local  still + aws:ec2:Vpc main creating 61 s\n")
    reporter(_step(StepFinished, "create"))
    length = len(stream.getvalue())
    reporter.still()
    assert len(stream.getvalue()) == length


def test_the_live_display_shows_what_runs_and_what_a_preview_has_computed() -> None:
    clock = Clock()
    reporter = Reporter(PlainConsole(io.StringIO(), 60), clock)
    reporter(Phase("storage/local", "preview"))
    reporter(StepStarted("storage/local", "create", VPC))
    reporter(UPDATE)
    for number in range(20):
        reporter(_step(StepStarted, "create", Urn(f"{VPC}{number}")))
    clock.now = 4.0
    rows = reporter.live().plain.splitlines()
    assert rows[0] == "storage/local  preview: 1 computed"
    assert rows[1] == "network/local  + aws:ec2:Vpc main0 creating 4 s"
    assert rows[-1] == "… and 13 more"
    assert len(rows) == 9


def test_many_threads_under_a_live_display_neither_mix_lines_nor_wait_for_each_other() -> None:
    stream = io.StringIO()
    out = PlainConsole(stream, 100)
    reporter = Reporter(out)

    def work(name: str) -> None:
        reporter(Phase(name, "update", carries_out=True))
        for number in range(100):
            urn = Urn(f"{VPC}{number}")
            reporter(StepStarted(name, "create", urn))
            reporter(StepFailed(name, "create", urn, "one\ntwo"))

    threads = [threading.Thread(target=work, args=(f"s{number}/local",), daemon=True) for number in range(4)]
    with Live(get_renderable=reporter.live, console=out, refresh_per_second=100):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    rows = [row[10:] for row in stream.getvalue().splitlines() if "local" in row]
    failures = [at for at, row in enumerate(rows) if " failed" in row]
    assert len(failures) == 400
    for at in failures:
        name = rows[at].split()[0]
        assert rows[at + 1 : at + 3] == [f"{name}      one", f"{name}      two"]


def test_progress_goes_to_standard_error_or_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as listen:
        listen(UPDATE)
    with progress(quiet=True) as listen:
        listen(UPDATE)
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.count("update") == 1
