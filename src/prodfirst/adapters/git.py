"""What git knows of a folder."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

_SECONDS = 10.0
_URL = re.compile(r"^[a-z+]+://(?:[^@/]+@)?(?P<host>[^/:]+)(?::\d+)?/(?P<path>.+)$")
"""`https://HOST/PATH`, `ssh://git@HOST:PORT/PATH`; who logs in, and by which secret, is left out."""
_SCP = re.compile(r"^(?:[^@/]+@)?(?P<host>[^/:@]+\.[^/:@]+):(?P<path>[^/].*)$")
"""`git@HOST:PATH`, the short form of ssh (git-clone(1), "GIT URLS")."""
_REPOSITORY = re.compile(r"^[A-Za-z0-9.-]+(/[A-Za-z0-9._-]+){2,}$")


def repository(folder: Path) -> str | None:
    """`HOST/OWNER/NAME` of the remote `origin`; None where there is none, or no git."""
    url = _said(folder, "config", "--get", "remote.origin.url")
    return repository_of(url) if url else None


def repository_of(url: str) -> str | None:
    """`HOST/OWNER/NAME` of a remote's address; None for a path on this machine."""
    match = _URL.match(url) or _SCP.match(url)
    if match is None:
        return None
    path = match["path"].strip("/").removesuffix(".git")
    found = f"{match['host']}/{path}"
    return found if _REPOSITORY.match(found) else None


def _said(folder: Path, *arguments: str) -> str:
    """What git answers; empty where it answers nothing, which is how it says no."""
    if (git := shutil.which("git")) is None:
        return ""
    done = subprocess.run(
        [git, "-C", str(folder), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_SECONDS,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
