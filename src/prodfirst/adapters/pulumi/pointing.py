"""Where in the team's program an input of a resource is written, found in its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from prodfirst.kernel.errors import Position

_LARGEST = 4 * 1024 * 1024
"""Bytes; a program's file is written by people."""


def argument(root: Path, where: Position, type_name: str, path: str) -> Position:
    """The argument that gives the input at property path `path` of the resource made at `where`.

    The call itself where it gives none, such as a required one; `where` if the call is not to be found.
    `type_name` is the last part of the resource's type token, which is the name of its class.
    """
    call = _call(root / where.file, where.line, type_name)
    if call is None:
        return where
    name = re.split(r"[.\[]", path)[0]
    wanted = {name, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()}
    node = next(_given(call, wanted), call)
    return Position(where.file, node.lineno, node.col_offset + 1)


def _call(file: Path, line: int, type_name: str) -> ast.Call | None:
    """The innermost call around `line`, of the resource's class if there is one."""
    try:
        if file.stat().st_size > _LARGEST:
            return None
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None  # it ran a moment ago: somebody is editing it
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    around.sort(key=lambda node: (_name(node.func) != type_name, -node.lineno, -node.col_offset))
    return around[0] if around else None


def _name(node: ast.expr) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _given(call: ast.Call, wanted: set[str]) -> Iterator[ast.expr | ast.keyword]:
    """By keyword, in an `…Args` object, or in a dictionary."""
    yield from (item for item in call.keywords if item.arg in wanted)
    for value in call.args:
        match value:
            case ast.Call():
                yield from _given(value, wanted)
            case ast.Dict(keys=keys):
                yield from (key for key in keys if isinstance(key, ast.Constant) and key.value in wanted)
