"""Files that are written where none is: all of them, or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prodfirst.kernel.errors import InvalidInput, Problem


def check_free(folder: Path, paths: Iterable[Path]) -> None:
    """Raises InvalidInput where something is at one of `paths` in `folder`, a dangling link too."""
    if taken := [folder / path for path in paths if os.path.lexists(folder / path)]:
        fix = "move it away, or choose another folder"
        raise InvalidInput(*(Problem("a file is in the way", str(path), fix=fix) for path in taken))


def write_new(folder: Path, files: Mapping[Path, str], check: Callable[[], object]) -> None:
    """Write `files`, by their paths in `folder`, then `check` them; where anything fails, nothing stays.

    Raises OSError, FileExistsError too, and what `check` raises.
    """
    made: list[Path] = []
    try:
        for path, text in files.items():
            _make_folders((folder / path).parent, made)
            made.append(folder / path)
            with (folder / path).open("x") as stream:
                stream.write(text)
        check()
    except BaseException:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        raise


def _make_folders(folder: Path, made: list[Path]) -> None:
    if not folder.is_dir():
        _make_folders(folder.parent, made)
        folder.mkdir()
        made.append(folder)
