"""Pulumi projects that are there already, found by their files and read without running them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prodfirst.adapters.pulumi import stack_file
from prodfirst.adapters.pulumi.project import described
from prodfirst.adapters.pulumi.references import stack_references
from prodfirst.kernel.errors import InvalidInput, Position, Problem

_MOST_FOLDERS = 20_000
_FILE, _OTHER_FILE = "Pulumi.yaml", "Pulumi.yml"
_SKIPPED = frozenset({"node_modules", "venv", "__pycache__", "dist", "build"})


@dataclass(frozen=True, slots=True)
class Project:
    """A project in Python."""

    folder: Path
    name: str
    settings: Mapping[str, Any]
    """Plain configuration of one of its stacks; secrets and settings of providers are left out."""
    settings_of: str
    """The stack that they come from, such as `dev`; empty where the project has none."""
    secrets: tuple[str, ...]
    """Keys of the secrets that were left out."""
    references: tuple[Position, ...]
    """Where its program reads another stack's outputs by a StackReference."""


@dataclass(frozen=True, slots=True)
class Found:
    """All projects below a folder."""

    projects: tuple[Project, ...]
    others: tuple[Problem, ...]
    """Those that cannot be taken on yet, each with why."""


def find_projects(root: Path) -> Found:
    """Every `Pulumi.yaml` below `root`, hidden folders and virtual environments left out."""
    projects: dict[str, Project] = {}
    others: list[Problem] = []
    for file in _files(root, (_FILE, _OTHER_FILE), others):
        shown = str(file.relative_to(root))
        try:
            name, why = _named(file)
            if name in projects:
                why = f"it has the name of the one in `{projects[name].folder.relative_to(root)}`"
            if not why:
                projects[name] = _project(root, file.parent, name)
                continue
        except InvalidInput as error:
            others.extend(error.problems)
        except OSError as error:
            others.append(Problem("a project is left out", shown, (error.strerror or str(error)).lower()))
        else:
            others.append(Problem(f"project `{name}` is left out", shown, why))
    return Found(tuple(projects.values()), tuple(others))


def _named(file: Path) -> tuple[str, str]:
    """A project's name, and why it cannot be taken on."""
    if file.name == _OTHER_FILE:
        return file.parent.name, f"its file must be called `{_FILE}`"
    name, runtime = described(file)
    why = f"it is written in `{runtime}`; only Python programs are supported yet"
    return name, "" if runtime == "python" else why


def _files(root: Path, endings: tuple[str, ...], others: list[Problem]) -> tuple[Path, ...]:
    """The files whose names end so; folders that cannot be read go to `others`."""

    def told(error: OSError) -> None:
        why = (error.strerror or str(error)).lower()
        others.append(Problem("a folder was not looked into", str(error.filename), why))

    found: list[Path] = []
    for seen, (folder, folders, files) in enumerate(os.walk(root, onerror=told)):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        if seen > _MOST_FOLDERS:
            what = f"more than {_MOST_FOLDERS} folders below it"
            raise InvalidInput(Problem(what, str(root), fix="go to the estate's own folder"))
        found += [Path(folder) / name for name in sorted(files) if name.endswith(endings)]
    return tuple(found)


def _project(root: Path, folder: Path, name: str) -> Project:
    chosen, config = _settings(folder)
    secrets = tuple(key for key, value in config.items() if stack_file.holds_secret(value))
    own = (key for key in config if ":" not in key or key.startswith(f"{name}:"))
    plain = {key: config[key] for key in own if key not in secrets}
    programs = _files(folder, (".py",), [])
    return Project(folder, name, plain, chosen, secrets, tuple(stack_references(root, programs)))


def _settings(folder: Path) -> tuple[str, Mapping[str, Any]]:
    """Of the stack `dev` where there is one, else of the first."""
    files = {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path
             for path in folder.glob("Pulumi.*.yaml")}  # fmt: skip
    if not files:
        return "", {}
    name = "dev" if "dev" in files else min(files)
    found = stack_file.read(files[name])
    return name, found.config if found else {}
