"""Processes that start at once: forks of an interpreter that has imported what is slow (forking.py)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from prodfirst.kernel import processes

_SCRIPT = Path(__file__).with_name("forking.py")


_ANSWER_SECONDS = 120.0
"""An import may take long on a slow disk; one that hangs must not hang everything."""


class Unprepared(Exception):
    """The prepared interpreter is gone; the text is what it said last."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a prepared interpreter imports before it is asked for anything."""

    modules: tuple[str, ...]
    packages: tuple[tuple[str, str], ...] = ()
    """Name and folder (absolute) of packages that are not on the module path."""


@dataclass(slots=True)
class Forked:
    """A running fork; what `processes` and its callers need of a `subprocess.Popen`."""

    pid: int
    """Also its process group. Not used again before `poll` or `wait` has given the exit code."""
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None
    _of: Prepared
    stdin: IO[bytes] | None = None
    returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._ended("poll")

    def kill(self) -> None:
        """SIGKILL, whatever group it went to; harmless where it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Until it has ended; then nothing that it started is left (Linux)."""
        code = self._ended("wait")
        if code is None:
            raise RuntimeError("the prepared interpreter did not wait")
        return code

    def _ended(self, how: str) -> int | None:
        if self.returncode is None:
            try:
                self.returncode = self._of.ask({"do": how, "pid": self.pid})
            except (
                Unprepared
            ):  # nobody can tell any more; it ends with its streams, as it would with this process
                self.returncode = -signal.SIGKILL
        return self.returncode


class Prepared:
    """One prepared interpreter; it ends with this process. Safe to use from several threads."""

    def __init__(self, interpreter: Path, environment: Mapping[str, str], preparation: Preparation) -> None:
        """Start it; it prepares itself while the caller goes on. `environment` is what it imports under."""
        self._line, theirs = socket.socketpair()
        self._line.settimeout(_ANSWER_SECONDS)
        told = {"packages": dict(preparation.packages), "modules": preparation.modules}
        with theirs:
            self._process = processes.start(
                [str(interpreter), str(_SCRIPT), str(theirs.fileno()), json.dumps(told)],
                environment=environment,
                pass_fds=(theirs.fileno(),),
                stdout=subprocess.DEVNULL,
            )
        if self._process.stderr is None:
            raise RuntimeError("the prepared interpreter was started without a pipe")
        self._errors = processes.Collector(self._process.stderr)
        self._asking = threading.Lock()
        self._answers = self._line.makefile("rb")
        self._lost = False
        self._learned: set[str] = set()
        self._news: tuple[str, ...] = ()

    def learn(self, modules: Sequence[str]) -> None:
        """Have these imported before the next start."""
        with self._asking:
            self._news += tuple(name for name in modules if name not in self._learned)
            self._learned.update(modules)

    def start(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        pass_fds: Sequence[int] = (),
        stdin: int | None = None,
    ) -> Forked:
        """Run `python ARGUMENTS` in a group of its own, with two pipes. Raises Unprepared."""
        with contextlib.ExitStack() as pipes:
            (out, its_out), (err, its_err) = os.pipe(), os.pipe()
            pipes.callback(os.close, its_out)
            pipes.callback(os.close, its_err)
            given = {number: number for number in pass_fds} | {1: its_out, 2: its_err}
            if stdin is not None:
                given[0] = stdin
            request = {
                "do": "start",
                "arguments": list(arguments),
                "environment": dict(environment),
                "modules": self._taken_news(),
            }
            ours = os.fdopen(out, "rb"), os.fdopen(err, "rb")
            try:
                pid = self.ask(request | {"numbers": list(given)}, tuple(given.values()))
            except Unprepared:
                for stream in ours:
                    stream.close()
                raise
        if pid is None:
            raise RuntimeError("the prepared interpreter forked nothing")
        return Forked(pid, *ours, self)

    def _taken_news(self) -> tuple[str, ...]:
        with self._asking:
            news, self._news = self._news, ()
            return news

    def ask(self, request: Mapping[str, Any], descriptors: Sequence[int] = ()) -> int | None:
        """One request and its answer. Raises Unprepared where there is nobody to ask any more."""
        with self._asking:
            if not self._lost:
                self._lost = (
                    True  # until the answer is whole: after an interrupt the next one would be this one's
                )
                with contextlib.suppress(ConnectionError, TimeoutError):
                    answer = self._answered(json.dumps(request).encode() + b"\n", descriptors)
                    self._lost = not answer
                    if answer:
                        got = json.loads(answer)
                        return None if got is None else int(got)
            if self._process.returncode is None:
                processes.end(self._process)
        raise Unprepared(self._errors.text().strip() or f"it ended with code {self._process.poll()}")

    def _answered(self, text: bytes, descriptors: Sequence[int]) -> bytes:
        """Empty where the other side is gone. Raises TimeoutError where it is silent."""
        sent = socket.send_fds(self._line, [text], list(descriptors)) if descriptors else 0
        self._line.sendall(text[sent:])
        return self._answers.readline()

    def gone(self) -> bool:
        """Whether it has ended: of its own, or killed."""
        return self._lost or self._process.poll() is not None

    def close(self) -> None:
        """End it; what it forked lives on until its own end."""
        self._answers.close()
        self._line.close()
        processes.end(self._process)
