"""Kills a run of a deployment at a moment of its own, as a crash does."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine_fixtures import Deployment

from prodfirst.adapters.pulumi.engine import Outcome


def cut_off(deployment: Deployment, source: str, when: Callable[[], bool]) -> Outcome:
    """Run an update of `source`, and kill the engine and its providers as soon as `when` is true."""
    deployment.program(source)
    outcomes: list[Outcome] = []
    run = threading.Thread(target=lambda: outcomes.append(deployment.engine.update(deployment.run)))
    run.start()
    deadline = time.monotonic() + 60
    while not when():
        assert run.is_alive(), outcomes
        assert time.monotonic() < deadline
        time.sleep(0.01)
    _kill(deployment)
    run.join(30)
    return outcomes[0]


def _kill(deployment: Deployment) -> None:
    """SIGKILL to the engine of this deployment, and then to its providers."""
    marks = {provider.command[-1].encode() for provider in deployment.run.providers}
    engines, providers = [], []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            environment = (entry / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if str(deployment.folder).encode() in environment:
            if command[0] == str(deployment.engine.binary.path).encode():
                engines.append(int(entry.name))
            elif marks.intersection(command):
                providers.append(int(entry.name))
    assert engines
    for pid in (*engines, *providers):
        os.kill(pid, signal.SIGKILL)
