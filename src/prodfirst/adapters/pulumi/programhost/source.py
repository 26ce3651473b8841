"""Which files are the team's own, and that they are always read as they are now."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

_PRODFIRST_FOLDER = str(Path(__file__).resolve().parents[3]) + os.sep
"""Blueprints: a resource made in one points at the team's line that uses it."""
SHARED = ("pulumi_", "prodfirst.")
"""How the modules begin that a later host may have from the start: SDKs of Pulumi packages, blueprints."""
_SITE_PACKAGES = f"{os.sep}site-packages{os.sep}"


def is_the_teams(file: str, root: str) -> bool:
    """Whether `file` is in the repository and of no library; a virtual environment may lie inside it."""
    library = file.startswith((_PRODFIRST_FOLDER, sys.prefix + os.sep)) or _SITE_PACKAGES in file
    return file.startswith(root) and not library


def libraries(names: set[str], root: str) -> set[str]:
    """Those imported modules that a later host may have from the start: SDKs of Pulumi packages, blueprints.

    They only define classes. Nothing of the team's, and nothing else that its programs import. SDKs put their
    parts into `sys.modules` before they are loaded (`pulumi._utils.lazy_import`): those do not count.
    """
    found = {name: sys.modules.get(name) for name in names if name.startswith(SHARED)}
    loaded = {name: module for name, module in found.items() if type(module) is ModuleType}
    files = {name: getattr(module, "__file__", None) for name, module in loaded.items()}
    return {name for name, file in files.items() if file and not is_the_teams(file, root)}


def forget(learned: set[str], folder: str) -> None:
    """Take learned modules back where `folder` has one of the same name; they are imported anew.

    What another stack's program imported must not decide which code this one runs.
    """
    names = {name.partition(".")[0] for name in learned}
    if any(
        os.path.isfile(os.path.join(folder, f"{name}.py")) or os.path.isdir(os.path.join(folder, name))
        for name in names
    ):
        for name in learned:
            sys.modules.pop(name, None)


def opened_files(root: str) -> set[str]:
    """A set that fills with the repository's files that this process opens from now on: modules and data.

    What a program is computed from besides its own folder; an audit hook sees every `open` (PEP 578).
    """
    found: set[str] = set()

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and arguments and isinstance(arguments[0], str):
            file = os.path.abspath(arguments[0])
            if is_the_teams(file, root):
                found.add(file)

    sys.addaudithook(hear)
    return found


def never_cached(root: str) -> None:
    """Compile the team's files anew in each run, and leave no `__pycache__` in their checkout.

    Python takes bytecode for current when time in seconds and size agree; a plan must come from the source.
    By `importlib.abc.SourceLoader.path_stats`, OSError means that there is nothing to compare with.
    """
    original = SourceFileLoader.path_stats

    def path_stats(self: SourceFileLoader, path: Any) -> Mapping[str, Any]:
        if is_the_teams(str(path), root):
            raise OSError(path)
        return original(self, path)

    SourceFileLoader.path_stats = path_stats  # type: ignore[method-assign]
