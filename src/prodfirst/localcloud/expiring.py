"""A rehearsal: the credentials of every run that is under way expire now, as if their time were up."""

from __future__ import annotations

import os
import signal

from prodfirst.kernel.errors import Failure, Problem
from prodfirst.localcloud.lifecycle import LocalCloud

EXPIRE = signal.SIGUSR1
"""What the daemon is told by."""


def expire_sessions(cloud: LocalCloud) -> None:
    """Every session credential is worth nothing from now on; long-lived keys stay. Raises Failure."""
    running = cloud.status()
    if running is None:
        raise Failure(Problem("the local cloud is not running", fix="run `prodfirst local up`"))
    os.kill(running.pid, EXPIRE)
