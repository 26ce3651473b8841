"""Pulumi's property values on the wire, as plain Python data.

Secrets are unwrapped on the way in; on the way out every output that is or holds one is wrapped again. The
engine's own marking would cover equal names alone, and leave a secret tag in clear in `tagsAll`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from google.protobuf.struct_pb2 import ListValue, NullValue, Struct, Value

_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's sentinel for a value that is not known yet (sdk/go/common/resource/plugin)."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""Key and value that mark an object as special, and as a secret (sdk/go/common/resource)."""
_SHORTEST = 4
"""Characters; a secret shorter than this stands in too many values by chance to be looked for."""


class Unknown(Enum):
    """A value that is known after apply."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


def read(struct: Struct) -> dict[str, Any]:
    """A struct as a dictionary; whole numbers become int, null entries are left out."""
    return {
        key: _read(value) for key, value in struct.fields.items() if value.WhichOneof("kind") != "null_value"
    }


def write(data: Mapping[str, Any]) -> Struct:
    """A dictionary as a struct; None entries are left out. Raises TypeError for what JSON cannot hold."""
    struct = Struct()
    for key, value in data.items():
        if value is not None:
            _write(value, struct.fields[key])
    return struct


@dataclass(frozen=True, slots=True)
class Secrets:
    """What was secret in the properties of a request."""

    keys: frozenset[str]
    """Top-level properties that are or hold a secret."""
    texts: frozenset[str]
    """The secret strings themselves."""


def secrets(inputs: Struct, state: Struct | None = None) -> Secrets:
    """What is secret in some inputs, and which texts were secret in a recorded state.

    A whole property is secret by its input alone: an old state must not make the next one more secret than
    its inputs are.
    """
    found = {key: list(_secret(value)) for key, value in inputs.fields.items()}
    recorded = [] if state is None else [item for value in state.fields.values() for item in _secret(value)]
    texts = {
        text
        for value in (*recorded, *(v for values in found.values() for v in values))
        for text in _texts(value)
    }
    return Secrets(
        frozenset(key for key, values in found.items() if values),
        frozenset(text for text in texts if len(text) >= _SHORTEST),
    )


def write_secret(data: Mapping[str, Any], hidden: Secrets) -> Struct:
    """As `write`, with every text that holds a secret marked as one, wherever it stands.

    A property that was secret and holds no such text (a number, a short one) is marked as a whole.
    """
    struct = Struct()
    for key, value in data.items():
        if value is None:
            continue
        marked = _hide(value, hidden.texts)
        if key in hidden.keys and marked == value and not _is_marked(value):
            marked = secret(value)
        _write(marked, struct.fields[key])
    return struct


def secret(value: Any) -> dict[str, Any]:
    """Marked as a secret, as a whole."""
    return {_SIGNATURE: _SECRET, "value": value}


def _is_marked(value: Any) -> bool:
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET


def _hide(value: Any, texts: frozenset[str]) -> Any:
    if isinstance(value, str) and any(text in value for text in texts):
        return secret(value)
    if isinstance(value, dict):
        if _is_marked(value):
            return value
        return {key: _hide(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_hide(item, texts) for item in value]
    return value


def is_known(value: Any) -> bool:
    """Whether nothing inside is unknown."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return value is not UNKNOWN


def _read(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return UNKNOWN if text == _UNKNOWN_TEXT else text
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return _read(_unwrapped(value)) if _is_secret(value) else read(value.struct_value)
        case "list_value":
            return [_read(item) for item in value.list_value.values]
        case _:
            return None


def _is_secret(value: Value) -> bool:
    return value.struct_value.fields[_SIGNATURE].string_value == _SECRET if _marked(value) else False


def _marked(value: Value) -> bool:
    return value.WhichOneof("kind") == "struct_value" and _SIGNATURE in value.struct_value.fields


def _unwrapped(value: Value) -> Value:
    inner: Value = value.struct_value.fields["value"]
    return inner


def _secret(value: Value) -> Iterator[Any]:
    """The plain values of all secrets inside."""
    if _is_secret(value):
        yield _read(_unwrapped(value))
    elif value.WhichOneof("kind") == "struct_value":
        for item in value.struct_value.fields.values():
            yield from _secret(item)
    elif value.WhichOneof("kind") == "list_value":
        for item in value.list_value.values:
            yield from _secret(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _write(value: Any, target: Value) -> None:
    match value:
        case None:
            target.null_value = NullValue.NULL_VALUE
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case str():
            target.string_value = value
        case Unknown():
            target.string_value = _UNKNOWN_TEXT
        case dict():
            target.struct_value.CopyFrom(write(value))
        case list() | tuple():
            listed = ListValue()
            for item in value:
                _write(item, listed.values.add())
            target.list_value.CopyFrom(listed)
        case _:
            raise TypeError(f"not a property value: {type(value).__name__}")
