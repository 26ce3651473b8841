"""Child processes that are never left behind: a group of their own, bounded output, always reaped."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

_KEPT_BYTES = 256 * 1024
_STEP = 65536
_PR_SET_PDEATHSIG = 1
"""prctl(2)"""


class Process(Protocol):
    """What is needed of a process to end it: of `subprocess.Popen`, and of a fork (prepared.py)."""

    pid: int
    """Of its group too."""

    @property
    def stdin(self) -> IO[bytes] | None: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    @property
    def stderr(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def kill(self) -> None: ...
    def wait(self) -> int: ...


class Collector:
    """Reads a stream to its end and keeps the first `limit` bytes, so that a flood costs no memory."""

    def __init__(self, stream: IO[bytes], limit: int = _KEPT_BYTES) -> None:
        # its own: whoever ends the process closes the stream, and the number may be another file's then
        self._descriptor = os.dup(stream.fileno())
        self._limit = limit
        self._kept = bytearray()
        self._dropped = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with open(self._descriptor, "rb", buffering=0) as stream:
            while chunk := stream.read(_STEP):
                room = self._limit - len(self._kept)
                self._kept += chunk[:room]
                self._dropped += max(0, len(chunk) - room)

    def text(self, timeout: float = 2.0) -> str:
        """What was read; call it when the writer has ended."""
        self._thread.join(timeout)
        text = self._kept.decode(errors="replace")
        return f"{text}\n[{self._dropped} more bytes not kept]" if self._dropped else text


def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
    death_signal: signal.Signals | None = None,
    cwd: Path | None = None,
    user: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own; `death_signal` reaches it when this thread ends (Linux).

    `user` is a user id to become, with the group of the same number and no other; it takes root.
    """
    return subprocess.Popen(
        list(command),
        env=dict(environment),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=tuple(pass_fds),
        cwd=cwd,
        start_new_session=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        preexec_fn=_dying_with_parent(death_signal),
    )


def _dying_with_parent(wanted: signal.Signals | None) -> Callable[[], None] | None:
    if wanted is None or sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def request() -> None:
        prctl(_PR_SET_PDEATHSIG, int(wanted))
        if os.getppid() != parent:  # it ended before the request was made
            os.kill(os.getpid(), wanted)

    return request


def end(process: Process) -> int:
    """Kill the whole group of `process`, reap it, and return its exit code."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()  # it may have left its group
    code = process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    return code


def command_of(pid: int) -> str:
    """The command line of a process; empty where there is none, or one that has ended and is not reaped."""
    if sys.platform == "linux":  # `ps` takes as long as the rest of a short command
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    said = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return "" if said.startswith("Z") else said.partition(" ")[2]
