"""The engine binary: the one that the user names, the one on the PATH, or one built once into the cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prodfirst.adapters.pulumi.building import BUILT_VERSION, ENGINE
from prodfirst.kernel import gotools
from prodfirst.kernel.errors import Failure, InvalidInput, Problem

OLDEST = (3, 259, 0)
"""The version that ENGINE.md was measured on; the SDK is pinned to it."""
_BELOW = (4, 0, 0)
_VERSION_SECONDS = 20.0
_SAID = r"\A\s*v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?\s*\Z"
WANTED = f"{'.'.join(map(str, OLDEST))} or newer, below {_BELOW[0]}"
"""For people."""


@dataclass(frozen=True, slots=True)
class EngineBinary:
    """A `pulumi` that may be used."""

    path: Path
    version: str
    """Such as `3.259.0`."""


def find_engine(progress: Callable[[str], None]) -> EngineBinary:
    """`PRODFIRST_PULUMI`, else `pulumi` on the PATH, else the cache's, built where it is missing.

    One on the PATH that cannot be used is told and passed by. Raises InvalidInput for an unusable
    `PRODFIRST_PULUMI`, Failure where nothing can be used and nothing built.
    """
    found = engine_there()
    if isinstance(found, EngineBinary):
        return found
    if found:
        progress(found)
    if (go := shutil.which("go")) is None:
        raise Failure(
            Problem(
                "there is no Pulumi engine",
                why=found or "no `pulumi` on the PATH, and no `go` to build one",
                fix=f"install Pulumi {WANTED}, or Go, from which prodfirst builds it once",
            )
        )
    gotools.build(ENGINE, Path(go), progress)
    return EngineBinary(ENGINE.folder / "pulumi", BUILT_VERSION)


def engine_there() -> EngineBinary | str:
    """The engine without building one; where there is none, why the one on the PATH was passed by, or ""."""
    if named := os.environ.get("PRODFIRST_PULUMI"):
        return _named(Path(named))
    passed_by = ""
    if found := shutil.which("pulumi"):
        answer = _version(Path(found))
        if isinstance(answer, EngineBinary):
            return answer
        passed_by = f"`{found}` cannot be used: {answer}"
    own = EngineBinary(ENGINE.folder / "pulumi", BUILT_VERSION)
    return own if gotools.built(ENGINE) else passed_by


def _named(path: Path) -> EngineBinary:
    answer = _version(path)
    if isinstance(answer, EngineBinary):
        return answer
    raise InvalidInput(
        Problem(
            f"`PRODFIRST_PULUMI` names `{path}`, which cannot be used",
            why=answer,
            fix=f"name a Pulumi {WANTED}, or unset the variable",
        )
    )


def _version(path: Path) -> EngineBinary | str:
    """The binary, or why it cannot be used."""
    version = gotools.version_said(
        path, "version", _SAID, seconds=_VERSION_SECONDS, PULUMI_SKIP_UPDATE_CHECK="true"
    )
    if isinstance(version, str):
        return version
    shown = ".".join(map(str, version))
    if not OLDEST <= version < _BELOW:
        return f"it is version {shown}; prodfirst needs {WANTED}"
    return EngineBinary(path, shown)
