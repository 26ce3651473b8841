"""The type of a published field: a kind, a list of declared length, or a map with declared keys.

A shape mirrors its value: `"string"` for text, `["string", "string"]` for a list of two, `{"a": "number"}`
for a map. So it is known also while the value is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias


class Kind(StrEnum):
    """What a single value is."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    SECRET_REFERENCE = "secret reference"  # noqa: S105 - the name of a kind
    """Where a secret lies, such as an ARN; never the secret."""


Shape: TypeAlias = "Kind | tuple[Shape, ...] | Mapping[str, Shape]"


def shape_from_json(raw: Any) -> Shape:
    """Raises ValueError where it is no shape."""
    if isinstance(raw, str):
        return Kind(raw)
    if isinstance(raw, (list, tuple)):
        return tuple(map(shape_from_json, raw))
    if isinstance(raw, Mapping):
        return MappingProxyType({str(key): shape_from_json(item) for key, item in sorted(raw.items())})
    raise ValueError(f"not the type of a field: {raw!r}")


def shape_to_json(shape: Shape) -> Any:
    """The inverse of `shape_from_json`."""
    if isinstance(shape, Kind):
        return shape.value
    if isinstance(shape, tuple):
        return [shape_to_json(item) for item in shape]
    return {key: shape_to_json(item) for key, item in shape.items()}


def shape_text(shape: Shape) -> str:
    """In words: `string`, `list of 3`, `map of a, b`."""
    if isinstance(shape, Kind):
        return shape.value
    if isinstance(shape, tuple):
        return f"list of {len(shape)}"
    return f"map of {', '.join(shape)}" if shape else "empty map"


def misfits(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """What of a whole value is not as its shape says, each with its place."""
    if isinstance(shape, Kind):
        if not _fits(shape, value):
            yield f"`{path or 'the value'}` is not a {shape.value}"
    elif isinstance(shape, tuple):
        if not isinstance(value, (list, tuple)) or len(value) != len(shape):
            yield f"`{path or 'the value'}` is not a {shape_text(shape)}"
            return
        for index, (part, item) in enumerate(zip(shape, value, strict=True)):
            yield from misfits(part, item, f"{path}[{index}]")
    elif not isinstance(value, Mapping) or set(value) != set(shape):
        yield f"`{path or 'the value'}` is not a {shape_text(shape)}"
    else:
        for key, part in shape.items():
            yield from misfits(part, value[key], f"{path}.{key}" if path else key)


def broken(old: Shape, new: Shape, path: str = "") -> Iterator[str]:
    """What a reader of `old` can no longer rely on in `new`; a list that grew and a new key break nobody."""
    place = f" at `{path}`" if path else ""
    if isinstance(old, tuple) and isinstance(new, tuple):
        if len(new) < len(old):
            yield f"the list{place} has {len(new)} entries instead of {len(old)}"
        for index, (left, right) in enumerate(zip(old, new, strict=False)):
            yield from broken(left, right, f"{path}[{index}]")
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key, part in old.items():
            inner = f"{path}.{key}" if path else key
            if key in new:
                yield from broken(part, new[key], inner)
            else:
                yield f"the key `{inner}` is gone"
    elif old != new:
        yield f"{shape_text(old)} became {shape_text(new)}{place}"


def _fits(kind: Kind, value: Any) -> bool:
    match kind:
        case Kind.STRING | Kind.SECRET_REFERENCE:
            return isinstance(value, str)
        case Kind.NUMBER:
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case Kind.BOOLEAN:
            return isinstance(value, bool)
