"""A program's `Pulumi.yaml`, as far as it decides how the program is run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from prodfirst.kernel.errors import InvalidInput, Problem

_LARGEST = 1024 * 1024


def interpreter(program: Path) -> Path:
    """The Python that runs the program in folder `program`: its virtual environment's, else our own.

    Raises InvalidInput for a language other than Python, and for an environment that is not there.
    """
    name, options = _runtime(program / "Pulumi.yaml")
    if name != "python":
        raise InvalidInput(
            Problem(
                what=f"programs in `{name}` cannot be run yet",
                where=str(program / "Pulumi.yaml"),
                why="the program host runs Python programs only",
                fix="write `runtime: python`, or deploy this project with plain `pulumi`",
            )
        )
    return _of_environment(program, options) or Path(sys.executable)


def described(file: Path) -> tuple[str, str]:
    """The project's name and its runtime, from its `Pulumi.yaml`. Raises InvalidInput where it is none."""
    return str(_load(file).get("name") or ""), _runtime(file)[0]


def _runtime(file: Path) -> tuple[str, Mapping[str, Any]]:
    project = _load(file)
    runtime = project.get("runtime", "")
    if isinstance(runtime, Mapping):
        options = runtime.get("options") or {}
        return str(runtime.get("name", "")), options if isinstance(options, Mapping) else {}
    return str(runtime), {}


def _load(file: Path) -> Mapping[str, Any]:
    try:
        if file.stat().st_size > _LARGEST:
            raise InvalidInput(Problem("the file is larger than 1 MiB", where=str(file)))
        project = YAML(typ="safe").load(file)
    except FileNotFoundError as error:
        fix = (
            "make it with `name:` and `runtime: python`, or correct the stack's `program` in `prodfirst.yaml`"
        )
        raise InvalidInput(Problem("there is no `Pulumi.yaml`", where=str(file), fix=fix)) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(Problem("the file is not YAML", where=str(file), why=str(error))) from error
    if not isinstance(project, Mapping):
        raise InvalidInput(Problem("the file is not a mapping", where=str(file)))
    return project


def _of_environment(program: Path, options: Mapping[str, Any]) -> Path | None:
    toolchain, folder = options.get("toolchain", "pip"), options.get("virtualenv")
    if folder is None and toolchain == "uv" and (program / ".venv").is_dir():
        folder = ".venv"
    if folder is None:
        return None
    python = program / str(folder) / "bin" / "python"
    if not python.exists():
        raise InvalidInput(
            Problem(
                what=f"the virtual environment `{folder}` has no `bin/python`",
                where=str(program / "Pulumi.yaml"),
                fix=f"make it: `python3 -m venv {folder}`, then install the program's requirements",
            )
        )
    return python
