"""Whose lock is dead: only that of a process of this machine that has ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from prodfirst.adapters.pulumi.checkpoint import Lock
from prodfirst.adapters.pulumi.locking import left_behind

_HERE = socket.gethostname()


def lock(pid: int, host: str = _HERE, *, ago: timedelta = timedelta()) -> Lock:
    return Lock("somebody", host, pid, datetime.now(UTC) - ago, "key")


def ended() -> subprocess.Popen[bytes]:
    """A process that has ended, and whose parent has not asked for it."""
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.stdout.close()
    return process


def test_the_lock_of_a_process_that_runs_is_not_dead() -> None:
    assert not left_behind(lock(os.getpid()))


def test_the_lock_of_a_process_that_has_ended_is_dead() -> None:
    process = ended()
    process.wait()
    assert left_behind(lock(process.pid))


def test_a_process_that_nobody_has_waited_for_has_ended_too() -> None:
    process = ended()
    assert left_behind(lock(process.pid))
    process.wait()


def test_a_number_that_was_given_to_a_later_process_is_no_sign_of_life() -> None:
    assert left_behind(lock(os.getpid(), ago=timedelta(days=3)))


def test_of_another_machine_nobody_here_can_tell() -> None:
    process = ended()
    process.wait()
    assert not left_behind(lock(process.pid, "runner-7"))
