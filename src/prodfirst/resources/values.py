"""Property values as the resource graph holds them: JSON, and two things that JSON cannot say.

A secret's content never enters a value: `SECRET` stands for it everywhere after the engine's stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeAlias


class Opaque(Enum):
    """A value that is not shown."""

    UNKNOWN = "unknown"
    """Known after apply."""
    SECRET = "secret"  # noqa: S105 - the marker that stands for a secret
    """Known to the engine alone."""


UNKNOWN = Opaque.UNKNOWN
SECRET = Opaque.SECRET

Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | Mapping[str, Value] | Opaque | None"

_MARK = "$prodfirst"


def freeze(raw: Any) -> Value:
    """Make parsed JSON (with `Opaque` members allowed) immutable; refuse anything else."""
    if raw is None or isinstance(raw, (bool, int, float, str, Opaque)):
        return raw
    if isinstance(raw, Mapping):
        return MappingProxyType({str(key): freeze(item) for key, item in raw.items()})
    if isinstance(raw, Sequence):
        return tuple(freeze(item) for item in raw)
    raise TypeError(f"not a property value: {type(raw).__name__}")


def to_json(value: Value) -> Any:
    """The value as JSON data; an opaque one becomes `{"$prodfirst": "unknown" | "secret"}`."""
    match value:
        case Opaque():
            return {_MARK: value.value}
        case tuple():
            return [to_json(item) for item in value]
        case Mapping():
            return {key: to_json(item) for key, item in value.items()}
        case _:
            return value


def from_json(raw: Any) -> Value:
    """The inverse of `to_json`; raises ValueError for an unknown marker."""
    if isinstance(raw, Mapping):
        if set(raw) == {_MARK}:
            return Opaque(raw[_MARK])
        return MappingProxyType({str(key): from_json(item) for key, item in raw.items()})
    if isinstance(raw, list):
        return tuple(from_json(item) for item in raw)
    return freeze(raw)


def holds(value: Value, wanted: Opaque) -> bool:
    """Whether `wanted` stands anywhere inside `value`."""
    if isinstance(value, tuple):
        return any(holds(item, wanted) for item in value)
    if isinstance(value, Mapping):
        return any(holds(item, wanted) for item in value.values())
    return value is wanted
