"""The parent's side of the program host: starts it, answers it, collects what it reports."""

from __future__ import annotations

import json
import os
import site
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prodfirst.adapters.pulumi.masking import Masker
from prodfirst.adapters.pulumi.preparing import prepared
from prodfirst.adapters.pulumi.programhost.source import SHARED
from prodfirst.kernel import processes
from prodfirst.kernel.errors import Failure, Problem, ProdfirstError
from prodfirst.kernel.prepared import Forked, Preparation, Prepared, Unprepared

_PACKAGE = "programhost"
_PREPARATION = Preparation((f"{_PACKAGE}.serve",), ((_PACKAGE, str(Path(__file__).parent / _PACKAGE)),))
_KEPT_FROM_USER = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
_REPORTS_AT_MOST = 200_000
"""Lines; a program with more registrations is not one stack."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One resource that the program registered or read."""

    urn: str
    custom: bool
    remote: bool
    parent: str
    dependencies: tuple[str, ...]
    property_dependencies: Mapping[str, tuple[str, ...]]
    source: tuple[tuple[str, int], ...]
    """File (absolute) and line, innermost first, the team's own files only."""
    in_apply: bool = False
    """Whether a callback of `apply` made it: a preview in which the value is unknown lacks it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the program asked a provider, and was told."""

    token: str
    arguments: Mapping[str, Any]
    answer: Mapping[str, Any] | None
    """None where it holds a secret."""
    secret: bool


@dataclass(frozen=True, slots=True)
class ProgramFailure:
    """How the program ended, where it did not end well."""

    how: str
    """`raised`, `exited` or `engine`."""
    text: str
    """Its own traceback, or the call that ended it."""


@dataclass(slots=True)
class ProgramHost:
    """A running host. What it collected is whole once the engine has ended."""

    process: Forked
    interpreter: Prepared
    """What it is a fork of."""
    masker: Masker
    approve: Callable[[], None] | None
    contracts: Mapping[str, Any] = field(default_factory=dict)
    """What other stacks publish for this one (contracts/program.py)."""
    files: tuple[str, ...] = ()
    """The repository's files that the program opened, absolute; empty where it did not end well."""
    port: int = 0
    registrations: dict[str, Registration] = field(default_factory=dict)
    invokes: set[str] = field(default_factory=set)
    answers: list[Answered] = field(default_factory=list)
    failure: ProgramFailure | None = None
    refusal: ProdfirstError | None = None
    """Why the parent refused to let the program start."""
    asked: bool = False
    """Whether the engine reached the program."""
    finished: bool = False
    """Whether the program ended under the host's control."""
    _ready: threading.Event = field(default_factory=threading.Event)
    _reported: threading.Event = field(default_factory=threading.Event)

    def end(self) -> int:
        """End the program and all that it started; harmless when done before. Returns its exit code."""
        return processes.end(self.process)

    def wait_for_port(self, timeout: float) -> int:
        self._ready.wait(timeout)
        return self.port

    def wait_for_reports(self, timeout: float) -> None:
        """Until the host has said all that it knows; nothing comes from one that the engine never asked."""
        if self.asked:
            self._reported.wait(timeout)

    def listen(self, line: socket.socket) -> None:
        """Read reports until the host is gone (runs in a thread)."""
        try:
            with line.makefile("rb") as reports:
                for count, report in enumerate(reports):
                    if count >= _REPORTS_AT_MOST:
                        break
                    self._take(json.loads(report), line)
        except (ConnectionError, json.JSONDecodeError):
            self.failure = self.failure or ProgramFailure("engine", "the line to the program host broke")
        finally:
            self._ready.set()
            self._reported.set()

    def _take(self, report: Mapping[str, Any], line: socket.socket) -> None:
        match report["kind"]:
            case "port":
                self.port = int(report["port"])
                self._ready.set()
            case "approve":
                self.asked = True
                line.sendall(json.dumps(self._verdict()).encode() + b"\n")
            case "resource" | "read":
                self.registrations.pop(report.get("instead_of", ""), None)
                self.registrations[report["urn"]] = _registration(report)
            case "files":
                self.files = tuple(report["files"])
            case "invoke":
                self.invokes.add(report["token"])
            case "answer":
                self.answers.append(
                    Answered(report["token"], report["arguments"], report["answer"], report["secret"])
                )
            case "secret":
                self.masker.add(report["value"])
            case "failed":
                self.failure = ProgramFailure(report["how"], report["text"])
            case "done":
                self.finished = True
                # the program could have written to the line itself
                self.interpreter.learn([name for name in report["modules"] if name.startswith(SHARED)])
                self._reported.set()

    def _verdict(self) -> Mapping[str, Any]:
        try:
            if self.approve is not None:
                self.approve()
        except ProdfirstError as refusal:
            self.refusal = refusal
        except Exception as error:  # noqa: BLE001 - raised again, by the engine run, in its own thread
            self.refusal = Failure(Problem("the check before the first step failed", why=repr(error)))
        return {"go": self.refusal is None, "why": str(self.refusal or ""), "contracts": dict(self.contracts)}


def interpreter_of_programs(interpreter: Path) -> Prepared:
    """The prepared one, which is being prepared where there was none; it ends with this process."""
    return prepared(interpreter, environment(Path(os.devnull)), _PREPARATION)


@contextmanager
def hosting(
    interpreter: Prepared,
    *,
    root: Path,
    fifo: Path,
    home: Path,
    empty: bool,
    masker: Masker,
    approve: Callable[[], None] | None,
    contracts: Mapping[str, Any],
) -> Iterator[tuple[ProgramHost, processes.Collector, processes.Collector]]:
    """Run a host and its two output streams; its whole process group is killed in the end."""
    ours, theirs = socket.socketpair()
    mode = "empty" if empty else "run"
    arguments = [str(theirs.fileno()), str(fifo), str(root.resolve()) + os.sep, mode]
    with ours:
        with theirs:
            process = _started(interpreter, arguments, environment(home), theirs.fileno())
        host = ProgramHost(process, interpreter, masker, approve, contracts)
        try:
            if process.stdout is None or process.stderr is None:
                raise RuntimeError("the program host was started without pipes")
            output = processes.Collector(process.stdout), processes.Collector(process.stderr)
            threading.Thread(target=host.listen, args=(ours,), daemon=True).start()
            yield host, *output
        finally:
            host.end()


def _started(
    interpreter: Prepared, arguments: Sequence[str], environment: Mapping[str, str], line: int
) -> Forked:
    try:
        return interpreter.start(["-m", _PACKAGE, *arguments], environment=environment, pass_fds=(line,))
    except Unprepared as error:
        raise not_started(str(error)) from error


def not_started(why: str) -> Failure:
    """What is said where no program host can run."""
    return Failure(
        Problem(
            what="the program host did not start",
            why=why,
            fix="install the Pulumi SDK into the interpreter that `Pulumi.yaml` names: `pip install pulumi`",
        )
    )


def environment(home: Path) -> Mapping[str, str]:
    """What a program gets: no credentials, and an empty home, so that no tool finds the user's own.

    That is no sandbox: the program runs as the user. It keeps honest programs, and the SDKs they import, from
    reaching a cloud past the engine.
    """
    kept = {name: os.environ[name] for name in _KEPT_FROM_USER if name in os.environ}
    return {
        "LANG": "C.UTF-8",
        **kept,
        "HOME": str(home),
        "TMPDIR": str(home),
        # packages that the user installed with `pip install --user` stay importable
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONUNBUFFERED": "1",
        # grpc prints fork warnings for programs that start subprocesses
        "GRPC_VERBOSITY": "NONE",
    }


def _registration(report: Mapping[str, Any]) -> Registration:
    return Registration(
        urn=report["urn"],
        custom=report["custom"],
        remote=report["remote"],
        parent=report["parent"],
        dependencies=tuple(report["dependencies"]),
        property_dependencies={key: tuple(urns) for key, urns in report["property_dependencies"].items()},
        source=tuple((file, line) for file, line in report["source"]),
        in_apply=report["in_apply"],
    )
