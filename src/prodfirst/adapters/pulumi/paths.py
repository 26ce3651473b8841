"""Pulumi's property paths, such as `tags.env`, `rules[0].port` or `data["a.b"]`, looked up in values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prodfirst.resources.values import Opaque, Value

_SEGMENT = re.compile(r'\.?(?:([^.\[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\])')


def segments(path: str) -> tuple[str | int, ...]:
    """Keys and indexes; what cannot be read is one key."""
    found: list[str | int] = []
    position = 0
    while position < len(path):
        match = _SEGMENT.match(path, position)
        if match is None:
            return (path,)
        name, index, quoted = match.groups()
        if index is not None:
            found.append(int(index))
        else:
            found.append(name if name is not None else re.sub(r"\\(.)", r"\1", quoted))
        position = match.end()
    return tuple(found)


def look_up(value: Value, path: str) -> Value:
    """The value at `path`; None where there is none; the mark itself below something secret or unknown."""
    for segment in segments(path):
        if isinstance(value, Opaque):
            return value
        if isinstance(value, Mapping) and isinstance(segment, str):
            value = value.get(segment)
        elif isinstance(value, tuple) and isinstance(segment, int) and segment < len(value):
            value = value[segment]
        else:
            return None
    return value
