"""Property values and how they differ, for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, TypeAlias

from prodfirst.planning.steps import Change
from prodfirst.rendering.plain import clip, printable
from prodfirst.resources.values import SECRET, UNKNOWN, Value, freeze

VALUE_WIDTH = 48
"""Columns that one value may take."""
_LEAD = 12
"""Columns of common text shown before the first difference of two long strings."""
_DOCUMENT_LIMIT = 64 * 1024
"""Characters of a JSON document in a string that are worth parsing, as for an IAM policy."""


class _Absent:
    """Stands for what one side does not have, in contrast to its being null."""


_ABSENT: Final = _Absent()
_Side: TypeAlias = "Value | _Absent"


def value_text(value: Value, width: int | None = VALUE_WIDTH) -> str:
    """One value on one line, cut to `width` columns; None shows it whole."""
    text = printable(_literal(value))
    return text if width is None else clip(text, width)


def differences(change: Change) -> tuple[Change, ...]:
    """A change as its smallest parts: what differs within objects, lists and JSON documents in strings.

    Two versions of a long policy look alike when both are cut; the statement that differs does not.
    """
    parts = tuple(_parts(change.path, change.old, change.new, change.replaces))
    return parts or (change,)


def change_text(change: Change, width: int | None = VALUE_WIDTH) -> str:
    """`path: old → new`; where both are long strings, from shortly before their first difference."""
    old, new = change.old, change.new
    if width is not None and isinstance(old, str) and isinstance(new, str):
        old, new = _window(old, new, width)
    return f"{printable(change.path)}: {value_text(old, width)} → {value_text(new, width)}"


def _parts(path: str, old: _Side, new: _Side, replaces: bool) -> Iterator[Change]:
    if isinstance(old, str) and isinstance(new, str) and (documents := _documents(old, new)):
        yield from _parts(path, *documents, replaces)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _parts(_child(path, key), old.get(key, _ABSENT), new.get(key, _ABSENT), replaces)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        for index, left, right in _aligned(old, new):
            yield from _parts(f"{path}[{index}]", left, right, replaces)
    elif old != new:
        yield Change(path, _present(old), _present(new), replaces)


def _aligned(old: tuple[Value, ...], new: tuple[Value, ...]) -> Iterator[tuple[int, _Side, _Side]]:
    """What differs between two lists, with its index: one entry put in before others changes none of them."""
    matcher = SequenceMatcher(
        None, [repr(item) for item in old], [repr(item) for item in new], autojunk=False
    )
    for kind, left, left_end, right, right_end in matcher.get_opcodes():
        if kind != "equal":
            pairs = zip_longest(old[left:left_end], new[right:right_end], fillvalue=_ABSENT)
            first = right if right_end > right else left
            yield from ((first + offset, *pair) for offset, pair in enumerate(pairs))


def _present(side: _Side) -> Value:
    return None if isinstance(side, _Absent) else side


def _child(path: str, key: str) -> str:
    """Pulumi's property path: keys that are no plain words stand in quotes."""
    plain = key.replace("_", "").replace("-", "").isalnum()
    return f"{path}.{key}" if plain else f"{path}[{json.dumps(key)}]"


def _documents(old: str, new: str) -> tuple[Value, Value] | None:
    left, right = _document(old), _document(new)
    both = left is not None and right is not None and left != right
    return (left, right) if both else None


def _document(text: str) -> Value:
    """The JSON object or list in a string; None where there is none."""
    if len(text) > _DOCUMENT_LIMIT or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return freeze(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _window(old: str, new: str, width: int) -> tuple[str, str]:
    """Both strings from shortly before their first difference, if that would be cut off otherwise."""
    common = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
    common = min(len(old), len(new)) if common is None else common
    if common < width - _LEAD:
        return old, new
    begin = common - _LEAD
    return f"…{old[begin:]}", f"…{new[begin:]}"


def _literal(value: Value) -> str:
    if value is UNKNOWN:
        return "(known after apply)"
    if value is SECRET:
        return "[secret]"
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_literal(item)}" for key, item in value.items()) + "}"
    return str(value)
