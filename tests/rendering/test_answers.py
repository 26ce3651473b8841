"""Results, drift, status and outputs, for people and as JSON."""

from __future__ import annotations

import io
import json
import pty
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from planning_layouts import deployment, estate
from screens import made, plan_screen, screen

from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.planning.file import load
from prodfirst.planning.plan import Digest
from prodfirst.planning.recorded import DeploymentStatus
from prodfirst.planning.results import DeploymentResult, EstateResult, Result, StepFailure
from prodfirst.planning.state import StateVersion
from prodfirst.rendering.console import console
from prodfirst.rendering.interface import Format
from prodfirst.rendering.json import Json
from prodfirst.rendering.text import Text
from prodfirst.resources.values import SECRET, UNKNOWN, Value

FAILED = DeploymentResult(
    "storage/local",
    Result.FAILED,
    why="the engine ended with 1",
    done=(made("create", "a"), made("create", "b"), made("update", "c")),
    failed=(StepFailure(made("create", "key", type="aws:kms/key:Key", line=9), ("AccessDenied: no\nask",)),),
    unfinished=(made("delete", "old"),),
    seconds=12.345,
)
REFUSED = DeploymentResult(
    "network/local",
    Result.REFUSED,
    findings=(Finding("plan-value", Severity.MANDATORY, "x differs", "a.py:3", "why", "plan again"),),
)
NOT_REACHED = DeploymentResult("shop/local", Result.NOT_REACHED, why="it depends on `storage/local`")
ENDED = EstateResult(Digest("sha256:d"), (FAILED, REFUSED, NOT_REACHED))
DRIFT = (
    DeploymentDrift("network/local", False, ()),
    DeploymentDrift("shop/local", False, (), "it does not exist yet"),
    DeploymentDrift("storage/local", True, (made("update", "b", ("tags.a", "1", "2")), made("delete", "a"))),
)
STATUS = (
    DeploymentStatus(
        "network/local",
        "infrastructure",
        "platform",
        True,
        14,
        "2026-01-02T03:04:05Z",
        StateVersion("a" * 64),
        2,
    ),
    DeploymentStatus("storage/local", "infrastructure", "platform", False),
)


def _data(say: Callable[[Format], None]) -> Any:
    stream = io.StringIO()
    say(Json(stream))
    return json.loads(stream.getvalue())


def _text(say: Callable[[Format], None]) -> str:
    return screen(lambda out: say(Text(out)))


def test_a_result_names_what_was_done_what_failed_and_what_is_in_flight() -> None:
    shown = _text(lambda form: form.result(ENDED))
    assert "storage/local  failed       12.3 s  2 created, 1 updated\n" in shown
    assert "    failed: create aws:kms:Key key  stacks/network/__main__.py:9\n" in shown
    assert "      AccessDenied: no\n      ask\n" in shown
    assert "    in flight: delete aws:ec2:Vpc old (begun, end unknown)\n" in shown
    assert (
        "  ! plan-value (mandatory)\n      a.py:3: x differs\n      why: why\n      next: plan again\n"
        in shown
    )
    assert "    it depends on `storage/local`\n" in shown
    assert shown.endswith("1 refused, 1 failed, 1 not reached; plan sha256:d\n")


def test_a_result_as_json() -> None:
    answer = _data(lambda form: form.result(ENDED))
    assert (answer["prodfirst"], answer["version"], answer["plan"]) == ("result", 1, "sha256:d")
    failed, refused, waiting = answer["deployments"]
    assert failed["totals"] == {"create": 2, "update": 1}
    assert failed["failed"][0]["reasons"] == ["AccessDenied: no\nask"]
    assert [step["operation"] for step in failed["unfinished"]] == ["delete"]
    assert failed["seconds"] == 12.345
    assert refused["findings"][0]["rule"] == "plan-value"
    assert waiting["result"] == "not reached"


def test_drift_shows_recorded_and_live_values_and_what_is_gone_first() -> None:
    rows = _text(lambda form: form.drift(DRIFT)).splitlines()
    assert rows == [
        "storage/local  2 drifted",
        "  gone    aws:ec2:Vpc a",
        "  changed aws:ec2:Vpc b",
        '        tags.a: recorded "1", live "2"',
        "network/local  no drift",
        "shop/local  not looked at: it does not exist yet",
        "next: `prodfirst plan` shows what would set it right",
    ]


def test_drift_as_json() -> None:
    answer = _data(lambda form: form.drift(DRIFT))
    assert answer["prodfirst"] == "drift"
    assert [len(item["steps"]) for item in answer["deployments"]] == [0, 0, 2]
    assert answer["deployments"][2]["steps"][0]["changes"][0]["new"] == "2"


def test_status_in_columns() -> None:
    rows = _text(lambda form: form.status(STATUS)).splitlines()
    assert rows[0].split() == ["deployment", "layer", "owner", "resources", "last", "update,", "UTC", "state"]
    assert rows[1] == "network/local  infrastructure  platform  14         2026-01-02 03:04  aaaaaaaa"
    assert rows[2] == "storage/local  infrastructure  platform  -          not deployed      -"
    assert rows[3].startswith("! network/local: 2 operations in flight")
    assert "drift is not known from here" in rows[4]


@pytest.mark.parametrize(("width", "gone"), [(80, set()), (70, {"state"}), (56, {"state", "layer"})])
def test_status_in_a_narrow_terminal_leaves_out_what_is_missed_least(width: int, gone: set[str]) -> None:
    rows = screen(lambda out: Text(out).status(STATUS), width=width).splitlines()
    assert max(map(len, rows[:3])) <= width
    assert {"state", "layer", "owner", "resources"} - set(rows[0].split()) == gone


def test_status_as_json() -> None:
    first, second = _data(lambda form: form.status(STATUS))["deployments"]
    assert (first["resources"], first["pending"], first["version"]) == (14, 2, "a" * 64)
    assert second["exists"] is False


def test_outputs_show_no_secret() -> None:
    values: dict[str, Value] = {"arn": "arn:x", "password": SECRET, "later": UNKNOWN}
    shown = _text(lambda form: form.outputs("network/local", values))
    assert shown == 'arn: "arn:x"\npassword: [secret]\nlater: (known after apply)\n'
    assert _data(lambda form: form.outputs("network/local", values))["outputs"] == {
        "arn": "arn:x",
        "password": {"$prodfirst": "secret"},
        "later": {"$prodfirst": "unknown"},
    }


def test_a_plan_as_json_is_the_plan_file(tmp_path: Path) -> None:
    plan = estate(deployment("create a x=? y=!", "update b x=größe"))
    stream = io.StringIO()
    Json(stream).plan(plan)
    assert stream.getvalue().isascii()
    path = tmp_path / "plan.json"
    path.write_text(stream.getvalue())
    assert load(path) == plan


@pytest.mark.parametrize(("columns", "width"), [("", 100), ("80", 80), ("7", 40), ("wide", 100)])
def test_the_width_of_what_is_no_terminal(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert console(io.StringIO()).width == width


@pytest.mark.parametrize("more", ["NO_COLOR", None])
def test_colours_on_a_terminal_but_not_where_they_are_not_wanted(
    monkeypatch: pytest.MonkeyPatch, more: str | None
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if more:
        monkeypatch.setenv(more, "1")
    ours, theirs = pty.openpty()
    with open(theirs, "w") as terminal, open(ours, "rb", buffering=0) as seen:
        Text(console(terminal)).plan(estate(deployment("delete a")))
        terminal.flush()
        shown = ""
        while "digest sha256" not in shown:  # a terminal gives what it has, not all that is written
            shown += seen.read(65536).decode()
    assert ("\x1b[1;31m" in shown) is (more is None)
    assert "\x1b[31m" not in shown


def test_no_colours_elsewhere() -> None:
    assert "\x1b" not in plan_screen(estate(deployment("delete a")))
