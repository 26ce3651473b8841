"""Pulumi projects that are there already, found by their files and read without running them."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prodfirst.adapters.pulumi import stack_file
from prodfirst.adapters.pulumi.project import described
from prodfirst.kernel.errors import InvalidInput, Position, Problem

_DEEPEST = 6
_MOST_FOLDERS = 20_000
_LARGEST_SOURCE = 1024 * 1024
_SKIPPED = frozenset({"node_modules", "venv", "__pycache__", "dist", "build"})
_STACK_REFERENCE = "StackReference"


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
    projects: list[Project] = []
    others: list[Problem] = []
    for file in sorted(_files(root)):
        shown = str(file.relative_to(root))
        try:
            name, runtime = described(file)
            if runtime == "python":
                projects.append(_project(root, file.parent, name))
                continue
        except InvalidInput as error:
            others.extend(error.problems)
            continue
        why = f"it is written in `{runtime}`; only Python programs are supported yet"
        others.append(Problem(f"project `{name}` is left out", shown, why))
    return Found(tuple(projects), tuple(others))


def _files(root: Path) -> Iterator[Path]:
    for seen, (folder, folders, files) in enumerate(os.walk(root)):
        depth = len(Path(folder).relative_to(root).parts)
        kept = (name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        folders[:] = sorted(kept) if depth < _DEEPEST else []
        if seen > _MOST_FOLDERS:
            raise InvalidInput(
                Problem(
                    f"more than {_MOST_FOLDERS} folders below it",
                    str(root),
                    fix="go to the estate's own folder",
                )
            )
        if "Pulumi.yaml" in files:
            yield Path(folder) / "Pulumi.yaml"


def _project(root: Path, folder: Path, name: str) -> Project:
    chosen, config = _settings(folder)
    secrets = tuple(key for key, value in config.items() if isinstance(value, dict) and "secure" in value)
    own = (key for key in config if ":" not in key or key.startswith(f"{name}:"))
    plain = {key: config[key] for key in own if key not in secrets}
    return Project(folder, name, plain, chosen, secrets, tuple(_references(root, folder)))


def _settings(folder: Path) -> tuple[str, Mapping[str, Any]]:
    """Of the stack `dev` where there is one, else of the first."""
    files = {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path
             for path in folder.glob("Pulumi.*.yaml")}  # fmt: skip
    if not files:
        return "", {}
    name = "dev" if "dev" in files else min(files)
    found = stack_file.read(files[name])
    return name, found.config if found else {}


def _references(root: Path, folder: Path) -> Iterator[Position]:
    for path in sorted(folder.glob("*.py")):
        if path.stat().st_size > _LARGEST_SOURCE:
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            # what cannot be read as a program says so when it is run
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node.func) == _STACK_REFERENCE:
                yield Position(str(path.relative_to(root)), node.lineno, node.col_offset + 1)


def _called(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
