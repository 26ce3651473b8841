"""Which Python runs a program, with which packages: names and versions, without starting it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from prodfirst.adapters.pulumi.project import interpreter
from prodfirst.adapters.source import text_digest
from prodfirst.planning.plan import Digest

_INSTALLED = ("*.dist-info", "*.egg-info", "*.egg-link", "*.pth")


def interpreter_digest(program: Path) -> Digest:
    """Over the interpreter's path, the file that it is, and the packages that it finds."""
    python = interpreter(program)
    real = python.resolve()
    packages = sorted(
        item.name for folder in _folders(python) for kind in _INSTALLED for item in folder.glob(kind)
    )
    return text_digest(f"{python}\n{real}\n{real.stat().st_mtime_ns}\n" + "\n".join(packages))


def _folders(python: Path) -> Iterator[Path]:
    if python == Path(sys.executable):
        yield from (Path(entry) for entry in sys.path if entry and Path(entry).is_dir())
    else:
        yield from python.parent.parent.glob("lib/python3*/site-packages")
