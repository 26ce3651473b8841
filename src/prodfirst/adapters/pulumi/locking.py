"""The engine's locks: whether the one who took a lock can still be alive.

A killed engine leaves its lock, and no other engine touches it (ENGINE.md, after a kill).
"""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prodfirst.adapters.pulumi.checkpoint import Lock

_ENDED = frozenset("XZ")
"""States of a process that runs no more: proc_pid_stat(5)."""
_STATE, _STARTED = 0, 19
"""Fields of /proc/PID/stat after the command's name: proc_pid_stat(5), fields 3 and 22."""
_CLOCK = timedelta(seconds=2)
"""The start of a process and the time of boot are whole ticks and seconds."""


def left_behind(lock: Lock) -> bool:
    """Whether a process of this machine took the lock and has ended. Of another machine nobody here knows."""
    return lock.host == socket.gethostname() and _has_ended(lock.pid, lock.since)


def _has_ended(pid: int, since: datetime) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # another user's; what it was when the lock was taken, /proc may hide
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except FileNotFoundError:
        return False  # no Linux, or it ends just now: the next run will see
    # a process that began after the lock was taken has been given the number of one that is gone
    return fields[_STATE] in _ENDED or _began(int(fields[_STARTED])) > since + _CLOCK


def _began(ticks: int) -> datetime:
    """When a process began, by the clock on the wall."""
    boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    seconds = int(boot.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
    return datetime.fromtimestamp(seconds, UTC)
