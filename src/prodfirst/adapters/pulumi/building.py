"""Builds the Pulumi engine once, from a pinned go.mod, into a cache that all checkouts share."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.paths import cache, private_dir

BUILT_VERSION = "3.259.0"
"""Later versions are incomplete as Go modules (ENGINE.md)."""
_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_MODULE = Path(__file__).parent / "build"
_ABOUT_SECONDS = 180
"""Measured on two cores, from cold: 160 to 170 s."""
_LONGEST_SECONDS = 3600.0
_TELL_SECONDS = 20.0
_TAIL = 20


def built() -> Path | None:
    """The engine in the cache, or None."""
    path = _folder() / "pulumi"
    return path if os.access(path, os.X_OK) else None


def build(go: Path, progress: Callable[[str], None]) -> Path:
    """Build the engine, or wait for another that does. Raises Failure with the compiler's words."""
    folder = private_dir(_folder())
    with _alone(folder, progress):
        if (done := built()) is not None:
            return done
        progress(f"building the Pulumi engine {BUILT_VERSION}, once: about {_ABOUT_SECONDS // 60} minutes")
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / "pulumi"
            _compile(go, made, progress)
            made.replace(folder / "pulumi")
    return folder / "pulumi"


def _compile(go: Path, target: Path, progress: Callable[[str], None]) -> None:
    flags = f"-s -w -X {_VERSION_VARIABLE}=v{BUILT_VERSION}"
    begun = told = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(go), "build", "-trimpath", "-ldflags", flags, "-o", str(target), _PACKAGE],
            cwd=_MODULE,
            env={**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            while process.poll() is None:
                time.sleep(0.2)
                now = time.monotonic()
                if now - told >= _TELL_SECONDS:
                    told = now
                    progress(f"building the engine: {now - begun:.0f} s of about {_ABOUT_SECONDS} s")
                if now - begun > _LONGEST_SECONDS:
                    raise _failed(f"it did not end within {_LONGEST_SECONDS:.0f} s")
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        if process.returncode != 0:
            log.seek(0)
            raise _failed("\n".join(log.read().decode(errors="replace").splitlines()[-_TAIL:]))


def _failed(why: str) -> Failure:
    return Failure(
        Problem(
            "the Pulumi engine cannot be built",
            why=why,
            fix=f"see that Go works and reaches its module proxy, or install Pulumi {BUILT_VERSION} or newer",
        )
    )


def _folder() -> Path:
    return cache() / "tools" / f"pulumi-{BUILT_VERSION}"


@contextmanager
def _alone(folder: Path, progress: Callable[[str], None]) -> Iterator[None]:
    """Two builders wait for each other: the second finds the first one's engine."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another process is building the Pulumi engine; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
