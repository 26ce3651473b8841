"""`prodfirst doctor`: what this machine has of what prodfirst needs; looks, and changes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from prodfirst.adapters.pulumi.tool import WANTED, EngineBinary, engine_there
from prodfirst.estate.definition import Estate
from prodfirst.estate.reading import FILE_NAME, find, load
from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.kernel.extras import EXTRAS, install
from prodfirst.localcloud.kubernetes.binaries import KUBERNETES, Binaries, binaries_there
from prodfirst.permissions import lock as locks
from prodfirst.rendering.doctor_text import Check, Standing

_COMMANDS = {
    "git": ("`prodfirst init` reads the remote", "install git"),
    "aws": ("`prodfirst local exec -- aws …`, and kubectl's tokens", "install the AWS CLI"),
    "kubectl": ("`prodfirst local exec -- kubectl …`", "install kubectl"),
}


def examine(file: Path | None) -> tuple[Check, ...]:
    """All checks. `file` names an estate; without it the nearest counts, if there is one."""
    engine, kubernetes = _engine(), _kubernetes()
    later = [check.name for check in (engine, kubernetes) if check.standing is not Standing.OK]
    return (
        Check("Python", Standing.OK, f"{platform.python_version()}, {sys.executable}", "everything"),
        *map(_extra, EXTRAS),
        engine,
        kubernetes,
        *_go(later),
        *map(_command, _COMMANDS),
        *_estate(file),
    )


def _extra(name: str) -> Check:
    extra = EXTRAS[name]
    if not extra.missing:
        return Check(f"extra {name}", Standing.OK, "installed", extra.wanted_for)
    found = f"no {', '.join(extra.missing)}"
    return Check(f"extra {name}", Standing.MISSING, found, extra.wanted_for, install(name))


def _engine() -> Check:
    name, wanted_for = "engine", "plan, apply, destroy, drift, permissions"
    try:
        found = engine_there()
    except InvalidInput as error:
        problem = error.problems[0]
        return Check(name, Standing.MISSING, f"{problem.what}: {problem.why}", wanted_for, problem.fix)
    if isinstance(found, EngineBinary):
        return Check(name, Standing.OK, f"Pulumi {found.version}, {found.path}", wanted_for)
    return _built_later(name, found, wanted_for, "3 minutes", f"install Pulumi {WANTED}")


def _kubernetes() -> Check:
    name, wanted_for = "kubernetes", "clusters of the local cloud"
    found = binaries_there()
    if isinstance(found, Binaries):
        return Check(name, Standing.OK, f"{found.version}, {found.folder}", wanted_for)
    minutes = f"{round(KUBERNETES.about_seconds / 60)} minutes"
    return _built_later(name, "; ".join(found), wanted_for, minutes, KUBERNETES.instead)


def _built_later(name: str, passed_by: str, wanted_for: str, minutes: str, instead: str) -> Check:
    why = f"{passed_by}; " if passed_by else ""
    if shutil.which("go"):
        return Check(name, Standing.LATER, f"{why}built once when it is needed, about {minutes}", wanted_for)
    return Check(
        name, Standing.MISSING, f"{why}not found", wanted_for, f"{instead}, or install Go to build it"
    )


def _go(later: list[str]) -> Iterator[Check]:
    found = shutil.which("go")
    wanted_for = f"building {' and '.join(later)}, once" if later else ""
    if found:
        yield Check("Go", Standing.OK, found, wanted_for)
    elif later:
        yield Check("Go", Standing.MISSING, "not on the PATH", wanted_for, "install Go")


def _command(name: str) -> Check:
    wanted_for, fix = _COMMANDS[name]
    # `local exec` finds the commands of prodfirst's own interpreter too, after those of the PATH
    if found := shutil.which(name):
        return Check(name, Standing.OK, found, wanted_for)
    if found := shutil.which(name, path=str(Path(sys.executable).parent)):
        return Check(name, Standing.OK, f"{found}, not on the PATH", wanted_for)
    return Check(name, Standing.OPTIONAL, "not on the PATH", wanted_for, fix)


def _estate(file: Path | None) -> Iterator[Check]:
    wanted_for = "every command on an estate"
    try:
        path = file or find(Path.cwd())
        if not path.is_file():
            raise InvalidInput(
                Problem("there is no such file", str(path), fix="name one that is there, or none")
            )
    except InvalidInput:
        if file is not None:
            raise
        found = f"no `{FILE_NAME}` here or above"
        yield Check("estate", Standing.OPTIONAL, found, wanted_for, "begin one with `prodfirst init`")
        return
    try:
        estate = load(path)
    except InvalidInput as error:
        found = f"{path.name} has {_some(len(error.problems), 'error')}, first: {error.problems[0].what}"
        yield Check("estate", Standing.MISSING, found, wanted_for, "see all with `prodfirst validate`")
        return
    found = f"`{estate.name}`: {_some(len(estate.stacks), 'stack')}, " + _some(
        len(estate.environments), "environment"
    )
    yield Check("estate", Standing.OK, found, wanted_for)
    yield from _lock_files(estate)
    yield from _plugins(estate)


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _lock_files(estate: Estate) -> Iterator[Check]:
    wanted = [stack.name for stack in estate.stacks.values() if stack.layer.height]
    missing = [name for name in wanted if not locks.path_of(estate.root, name).is_file()]
    if missing:
        found = f"none for {', '.join(f'`{name}`' for name in missing)}"
        yield Check("lock files", Standing.MISSING, found, "bootstrap", "prodfirst permissions sync")
    else:
        yield Check("lock files", Standing.OK, f"all {len(wanted)} are there", "bootstrap")


def _plugins(estate: Estate) -> Iterator[Check]:
    """Environments that are not local use the ordinary plugins; Pulumi fetches those that it lacks."""
    outside = [item.name for item in estate.environments.values() if not item.local]
    if not outside:
        return
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    found = sorted(path.name for path in (home / "plugins").glob("resource-*") if path.is_dir())
    wanted_for = f"environment {', '.join(outside)}"
    said = ", ".join(found) if found else "none yet; Pulumi fetches them when they are needed"
    yield Check("plugins", Standing.OK if found else Standing.LATER, said, wanted_for)
