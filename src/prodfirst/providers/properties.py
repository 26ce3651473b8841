"""Pulumi's property values on the wire, as plain Python data.

The provider says that it takes no secrets: the engine then sends plain values and marks every output
whose input was secret by itself (engine: `annotateSecrets`), so no secret marker is handled here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from google.protobuf.struct_pb2 import ListValue, NullValue, Struct, Value

_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's sentinel for a value that is not known yet (sdk/go/common/resource/plugin)."""


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
            return read(value.struct_value)
        case "list_value":
            return [_read(item) for item in value.list_value.values]
        case _:
            return None


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
