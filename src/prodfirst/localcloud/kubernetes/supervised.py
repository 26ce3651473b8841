"""One process of a control plane: its log is kept, and when it dies it is started again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prodfirst.kernel import processes

_POLL_SECONDS = 0.1
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_STEADY_SECONDS = 30.0
"""A process that ran this long begins again with the first pause."""
_TAIL_BYTES = 8192
_LOG_LIMIT = 32 * 1024 * 1024
"""Bytes after which a log is turned over at the next start; one older file is kept."""

Report = Callable[[str], None]


@dataclass
class Supervised:
    """A process that lives until `stop`, and never longer than the daemon."""

    name: str
    command: Sequence[str]
    log: Path
    report: Report
    restarts: int = field(default=0, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _begun: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Start it; call `watch` once it is known to work."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old"))
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "wb") as stream:
            self._process = processes.start(
                self.command,
                environment={"PATH": os.environ.get("PATH", "")},
                stdout=stream,
                stderr=stream,
                cwd=self.log.parent,
                death_signal=signal.SIGKILL,
            )
        self._begun = time.monotonic()

    @property
    def ended(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._process.poll() if self._process else None

    def watch(self) -> None:
        """Start it again whenever it ends from now on."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End it; what it holds is on disk."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._process is not None:
            await asyncio.to_thread(processes.end, self._process)
            self._process = None

    def last_words(self) -> str:
        """The last line of its log that says something."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as stream:
            stream.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            lines = stream.read().decode(errors="replace").splitlines()
        telling = [
            line for line in lines if any(word in line.lower() for word in ("error", "fatal", "panic"))
        ]
        return (telling or lines or [""])[-1][-400:]

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if self.ended is None:
                continue
            if time.monotonic() - self._begun > _STEADY_SECONDS:
                pause = _FIRST_PAUSE
            self.report(f"{self.name} ended with code {self.ended}; starting it again: {self.last_words()}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            if self._process is not None:
                processes.end(self._process)
            self.restarts += 1
            self.start()
