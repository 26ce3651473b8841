"""Ctrl-C: once lets running steps finish and the state be saved, twice kills."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from enum import Enum, auto


class Stop:
    """Asked for from a signal handler or another thread; every engine run of a process may watch one."""

    def __init__(self) -> None:
        self._latches = (os.pipe(), os.pipe())
        self._count = 0
        self._lock = threading.RLock()  # a second Ctrl-C may come while the first is dealt with

    def request(self) -> None:
        """The first request is gentle, the second is not; more change nothing."""
        with self._lock:
            if self._count < len(self._latches):
                os.write(self._latches[self._count][1], b"!")
                self._count += 1

    @property
    def requests(self) -> int:
        return self._count

    def latch(self, number: int) -> int:
        """A descriptor that becomes, and stays, readable with request `number` (0 or 1)."""
        return self._latches[number][0]

    def close(self) -> None:
        for reading, writing in self._latches:
            os.close(reading)
            os.close(writing)


class Ending(Enum):
    """Why the wait for a process is over."""

    BY_ITSELF = auto()
    STOPPED = auto()
    TIMED_OUT = auto()


def wait(process: subprocess.Popen[bytes], stop: Stop, timeout: float, grace: float) -> Ending:
    """Wait for the end of `process`; on a stop or after `timeout` seconds interrupt it, then kill it.

    `grace` is how long an interrupted process may take after a timeout. A stopped one may take as long as it
    needs: its running steps are somebody's database; a second request kills it.
    """
    exited = os.pidfd_open(process.pid)
    try:
        woken = _select(exited, stop, 0, timeout)
        if woken == exited:
            return Ending.BY_ITSELF
        process.send_signal(signal.SIGINT)
        if woken is None:
            if _select(exited, stop, 1, grace) != exited:
                process.kill()
            return Ending.TIMED_OUT
        if _select(exited, stop, 1, None) != exited:
            process.kill()
        return Ending.STOPPED
    finally:
        os.close(exited)
        process.wait()


def _select(exited: int, stop: Stop, latch: int, timeout: float | None) -> int | None:
    """The descriptor that woke us, or None for a timeout. Ctrl-C in this thread counts as a request."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        try:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([exited, stop.latch(latch)], [], [], left)
        except KeyboardInterrupt:
            stop.request()
            continue
        if not ready:
            return None
        return exited if exited in ready else ready[0]
