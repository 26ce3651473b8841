"""Tools that are built once, from a pinned go.mod, into a cache that all checkouts share."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from prodfirst.kernel import processes
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.paths import cache, private_dir

_LONGEST_SECONDS = 3600.0
_TELL_SECONDS = 20.0
_POLL_SECONDS = 0.2
_TAIL = 20

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class GoTool:
    """Binaries of one version, from one module."""

    title: str
    """What people read, such as `the Pulumi engine`."""
    name: str
    """Of the folder in the cache, together with the version."""
    version: str
    module: Path
    """The folder with go.mod and go.sum."""
    packages: tuple[tuple[str, str], ...]
    """File name of each binary, and the package that it is built from."""
    variables: tuple[tuple[str, str], ...]
    """String variables that the linker sets."""
    about_seconds: int
    """Measured on two idle cores, from cold."""
    instead: str
    """What to do where it cannot be built."""

    @property
    def folder(self) -> Path:
        """Where the binaries lie."""
        return cache() / "tools" / f"{self.name}-{self.version}"


def version_said(
    binary: Path, argument: str, pattern: str, *, seconds: float, **variables: str
) -> tuple[int, ...] | str:
    """The version that a binary says of itself, or why it cannot be used.

    `pattern` has a group for each number; `variables` join an environment without anything of the user's.
    """
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    try:
        done = subprocess.run(
            [str(binary), argument],
            env={**kept, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except OSError as error:
        return error.strerror or str(error)
    except subprocess.TimeoutExpired:
        return f"it did not say its version within {seconds:.0f} s"
    match = re.search(pattern, done.stdout)
    if done.returncode != 0 or match is None:
        return "it does not say its version"
    return tuple(map(int, match.groups()))


def built(tool: GoTool) -> bool:
    """Whether all binaries are in the cache."""
    return all(os.access(tool.folder / file, os.X_OK) for file, _ in tool.packages)


def build(tool: GoTool, go: Path, progress: Progress) -> None:
    """Build what is missing, or wait for another that does. Raises Failure with the compiler's words."""
    folder = private_dir(tool.folder)
    with _alone(tool, folder, progress):
        if built(tool):
            return
        minutes = round(tool.about_seconds / 60)
        progress(f"building {tool.title} {tool.version}, once: about {minutes} minutes")
        clock = _Clock(tool, progress)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            for file, package in tool.packages:
                _compile(tool, go, package, Path(scratch) / file, clock)
            for file, _ in tool.packages:
                (Path(scratch) / file).replace(folder / file)


@dataclass
class _Clock:
    """Tells how long it has taken, now and then; ends what takes too long."""

    tool: GoTool
    progress: Progress
    begun: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    def tick(self) -> None:
        now = time.monotonic()
        spent = now - self.begun
        if spent > _LONGEST_SECONDS:
            raise _failed(self.tool, f"it did not end within {_LONGEST_SECONDS:.0f} s")
        if now - self.told >= _TELL_SECONDS:
            self.told = now
            about = self.tool.about_seconds
            late = "; other work holds it up" if spent > about else ""
            self.progress(f"building {self.tool.title}: {spent:.0f} s of about {about} s{late}")


def _compile(tool: GoTool, go: Path, package: str, target: Path, clock: _Clock) -> None:
    settings = " ".join(f"-X {name}={value}" for name, value in tool.variables)
    with tempfile.TemporaryFile() as log:
        process = processes.start(
            [str(go), "build", "-trimpath", "-ldflags", f"-s -w {settings}", "-o", str(target), package],
            environment={**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"},
            cwd=tool.module,
            stdout=log,
            stderr=log,
            death_signal=signal.SIGKILL,
        )
        code = _wait(process, clock)
        if code != 0:
            log.seek(0)
            raise _failed(tool, "\n".join(log.read().decode(errors="replace").splitlines()[-_TAIL:]))


def _wait(process: Popen[bytes], clock: _Clock) -> int:
    try:
        while (code := process.poll()) is None:
            time.sleep(_POLL_SECONDS)
            clock.tick()
    finally:
        if process.poll() is None:
            processes.end(process)
    return code


def _failed(tool: GoTool, why: str) -> Failure:
    return Failure(
        Problem(
            f"{tool.title} cannot be built",
            why=why,
            fix=f"see that Go works and reaches its module proxy, or {tool.instead}",
        )
    )


@contextmanager
def _alone(tool: GoTool, folder: Path, progress: Progress) -> Iterator[None]:
    """Two builders wait for each other: the second finds what the first one built."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"another process is building {tool.title}; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
