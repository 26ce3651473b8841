"""Measures whole processes, as a user starts them: wall time and peak memory, never a function alone."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Case:
    """One command to measure."""

    name: str
    command: tuple[str, ...]
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of this process."""
    floor: str = ""
    """The name of the case, in the same bench, that this one is compared with."""
    aim_seconds: float | None = None
    """For the median."""
    aim_ratio: float | None = None
    """For the median over the floor's median."""
    before: Callable[[], None] = field(default=lambda: None)
    """Sets the stage of each run; its time does not count."""


class Bench(Protocol):
    """What a module of this folder offers: `cases` sets the stage, and clears it at the end."""

    RUNS: int
    """At most so many; a bench of 1 is not warmed up."""

    def cases(self) -> AbstractContextManager[Sequence[Case]]: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """One run."""

    seconds: float
    peak_bytes: int
    """Of the largest process among the command and its own children, as the kernel counts them.

    Never below what this process had when it forked, about 18 MiB.
    """


@dataclass(frozen=True, slots=True)
class Measured:
    """All runs of one case."""

    case: Case
    samples: tuple[Sample, ...]

    @property
    def seconds(self) -> tuple[float, ...]:
        return tuple(sample.seconds for sample in self.samples)

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def peak_bytes(self) -> int:
        return max(sample.peak_bytes for sample in self.samples)


class Broken(Exception):
    """A command that is measured has failed: its time says nothing."""


def measure(cases: Sequence[Case], runs: int) -> tuple[Measured, ...]:
    """Run every case once to warm up, then `runs` times in turn, so that noise meets all of them alike.

    A single run is not warmed up: it is of something long.
    """
    if runs > 1:
        for case in cases:
            sample(case)
    rounds = [[sample(case) for case in cases] for _ in range(runs)]
    return tuple(Measured(case, tuple(row[index] for row in rounds)) for index, case in enumerate(cases))


def sample(case: Case) -> Sample:
    """Run a case once. Raises Broken when it ends with another code than 0."""
    case.before()
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            case.command,
            cwd=case.folder,
            env={**os.environ, **case.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read()[-2000:].decode(errors="replace").strip()
            raise Broken(f"`{' '.join(case.command)}` ended with {process.returncode}: {said}")
    return Sample(seconds, usage.ru_maxrss * 1024)
