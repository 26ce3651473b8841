"""Where a program reads another stack's outputs by a StackReference; read, not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from prodfirst.kernel.errors import Position

_NAME = "StackReference"
_LARGEST = 1024 * 1024


def stack_references(root: Path, files: tuple[Path, ...]) -> Iterator[Position]:
    """In `files`, named relative to `root`."""
    for path in files:
        try:
            source = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
            tree = ast.parse(source)
        except (OSError, SyntaxError, ValueError):
            # what cannot be read as a program says so when it is run
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node.func) == _NAME:
                yield Position(str(path.relative_to(root)), node.lineno, node.col_offset + 1)


def _called(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
