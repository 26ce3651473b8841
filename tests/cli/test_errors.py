"""Every error ends as text or JSON that says what to do, with the exit code of DESIGN.md section 7."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import estate_layouts
import pytest
from command_runs import PROGRAM, environment, prodfirst

from prodfirst.cli import boundary
from prodfirst.kernel.errors import Failure, Position, Problem, Refused


def test_all_problems_of_an_estate_at_once(tmp_path: Path) -> None:
    estate_layouts.write_text(tmp_path, estate_layouts.HEADER.replace("teams", "taems") + "  a: {layer: x}\n")
    done = prodfirst("validate", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("error: ") > 1
    assert "prodfirst.yaml:12:1: unknown key `taems`" in done.stderr
    assert "did you mean `teams`?" in done.stderr


def test_the_same_as_json(tmp_path: Path) -> None:
    estate_layouts.write_text(tmp_path, estate_layouts.HEADER.replace("teams", "taems") + "  a: {layer: x}\n")
    done = prodfirst("validate", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, "")
    answer = json.loads(done.stdout)
    assert (answer["prodfirst"], answer["version"], answer["exit"]) == ("error", 1, 2)
    assert {"file": "prodfirst.yaml", "line": 12, "column": 1} in [
        item["where"] for item in answer["problems"]
    ]


def test_what_the_user_wrote_cannot_command_the_terminal(tmp_path: Path) -> None:
    done = prodfirst("status", "--file", "a\x1b[2Jb.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\\x1b[2J" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (["pla"], "no such command `pla`", "did you mean `plan`?"),
        (["local", "stat"], "no such command `stat`", "did you mean `status`?"),
        (["plan", "--fil"], "no such option `--fil`", "did you mean `--file`?"),
        (
            ["--env", "local", "plan"],
            "no such option `--env`",
            "options of a command come after it; see `prodfirst --help`",
        ),
        (
            ["demo", "--estate", "x"],
            "invalid value for `--estate`: file `x` does not exist",
            "see `prodfirst demo --help`",
        ),
        (["outputs"], "missing argument `STACK`", "see `prodfirst outputs --help`"),
        (["plan", "--debug"], "no such option `--debug`", "it comes first: `prodfirst --debug plan …`"),
    ],
)
def test_usage(tmp_path: Path, arguments: list[str], what: str, fix: str) -> None:
    done = prodfirst(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {what}\n  next: {fix}\n"


def test_an_error_is_folded_where_there_is_a_width_and_a_command_in_it_stays_whole(tmp_path: Path) -> None:
    wide = prodfirst("status", folder=tmp_path).stderr
    assert "next: begin one with `prodfirst init`, go to the estate's folder, or name the file" in wide
    folded = prodfirst("status", folder=tmp_path, COLUMNS="40").stderr.splitlines()
    assert max(len(line) for line in folded if str(tmp_path) not in line) <= 40
    assert any("`prodfirst init`" in line for line in folded)
    assert " ".join(" ".join(folded).split()) == " ".join(wide.split())


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    estate_layouts.write(tmp_path, "network:infrastructure", "storage:infrastructure")
    told = prodfirst("plan", "zzz", folder=tmp_path).stderr
    assert "use one that exists: `network`, `storage`" in told
    told = prodfirst("plan", "--env", "zzz", folder=tmp_path).stderr
    assert "use one that exists: `local`" in told


def test_no_command_shows_the_help(tmp_path: Path) -> None:
    done = prodfirst(folder=tmp_path)
    assert done.returncode == 2
    assert "Examples:" in done.stderr


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (Refused(Problem("stale", fix="plan again")), 1, "error: stale\n  next: plan again\n"),
        (Failure(Problem("no engine", where=Position("a.py", 3, 1))), 3, "error: a.py:3:1: no engine\n"),
        (Failure(Problem("a"), Problem("b", why="x\ny")), 3, "error: a\nerror: b\n  why: x\n    y\n"),
        (FileNotFoundError(2, "No such file", "/x"), 3, "error: /x: no such file\n"),
        (KeyboardInterrupt(), 3, "error: interrupted\n  next: run the same command again to go on\n"),
        (click.Abort(), 3, "error: interrupted\n  next: run the same command again to go on\n"),
        (click.UsageError("Bad 'x'."), 2, "error: bad `x`\n  next: see `prodfirst --help`\n"),
    ],
)
def test_exit_codes(capsys: pytest.CaptureFixture[str], error: BaseException, code: int, text: str) -> None:
    assert boundary.run(_raising(error), as_json=False, debug=False) == code
    assert capsys.readouterr() == ("", text)


def test_a_defect_is_one_line_and_a_traceback_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    defect = _raising(IndexError("out of range\nsecond line"))
    assert boundary.run(defect, as_json=False, debug=False) == 3
    text = capsys.readouterr().err
    assert text.startswith("error: unexpected IndexError: out of range\n")
    assert "`prodfirst --debug …`" in text
    assert "Traceback" not in text
    assert "second line" not in text
    assert boundary.run(defect, as_json=False, debug=True) == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("more", [{}, {"PRODFIRST_DEBUG": "0"}, {"PRODFIRST_DEBUG": "1"}])
def test_debug_by_the_environment(tmp_path: Path, more: dict[str, str]) -> None:
    done = prodfirst("status", "--file", "missing.yaml", folder=tmp_path, **more)
    assert done.returncode == 2
    assert ("Traceback" in done.stderr) is (more.get("PRODFIRST_DEBUG") == "1")


@pytest.mark.parametrize(
    ("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_on_a_terminal_only(tmp_path: Path, more: dict[str, str], coloured: bool) -> None:
    shown = _on_terminal(tmp_path, "status", "--file", "missing.yaml", **more)
    assert "error" in shown
    assert ("\x1b[" in shown) is coloured


def test_a_reader_that_leaves_is_not_told_that_all_is_clean(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PROGRAM, "schema"], env=environment(tmp_path), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (3, b"")


def test_a_full_disk_under_the_answer(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PROGRAM, "schema"], env=environment(tmp_path), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (3, b"error: no space left on device\n")


def test_a_terminal_that_lacks_characters(tmp_path: Path) -> None:
    done = prodfirst("plan", "--debug", folder=tmp_path, PYTHONIOENCODING="latin-1")
    assert done.returncode == 2
    assert "it comes first: `prodfirst --debug plan ?`" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_command_as_ctrl_c_does(tmp_path: Path, number: signal.Signals) -> None:
    code = (
        "import sys, time; from prodfirst.cli import main, boundary; main._invoke = lambda _: wait()\n"
        "def wait():\n"
        "    try: print('ready', flush=True); time.sleep(30)\n"
        "    finally: print('cleaned up', flush=True)\n"
        "main.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # what started the tests may ignore it, as `nohup` and a shell's `&` do
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (3, b"cleaned up\n")
    assert err.startswith(b"error: interrupted\n")


def _raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


def _on_terminal(folder: Path, *arguments: str, **more: str) -> str:
    """What a command writes on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment(folder, **({"TERM": "xterm"} | more)),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    process.wait(timeout=30)
    shown = os.read(ours, 65536)
    os.close(ours)
    return shown.decode()


_WITHOUT = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Gone())
from prodfirst.cli import main
main.main()
"""
"""An installation that lacks one module."""


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        ("botocore", ("plan",), "prodfirst[aws]"),
        ("aiohttp", ("local", "up"), "prodfirst[local]"),
    ],
)
def test_what_an_extra_would_bring_is_named_where_it_is_missing(
    module: str, arguments: tuple[str, ...], extra: str, tmp_path: Path
) -> None:
    estate_layouts.write(tmp_path, "network:infrastructure")
    code = _WITHOUT.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert f"the module `{module}` is not installed" in done.stderr
    assert extra in done.stderr
    assert "Traceback" not in done.stderr
