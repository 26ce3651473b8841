"""A plan's inputs as a server takes them: without the marks for what is secret or not known yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.resources.values import SECRET, UNKNOWN, Value

_PLACEHOLDER = "c2VjcmV0"
"""Valid as a text, and as base64."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the inputs do not show."""

    unknown: tuple[str, ...]
    """Property paths."""
    secret: bool


def plain(inputs: Mapping[str, Value]) -> tuple[dict[str, Any], Hidden]:
    """JSON data with placeholders, and what stands behind them.

    A secret text becomes a placeholder; a Secret's whole content becomes empty.
    """
    marks = list(_marks("", inputs))
    unknown = tuple(path for path, mark in marks if mark is UNKNOWN)
    data = {key: _plain(value) for key, value in inputs.items() if not key.startswith("__")}
    if inputs.get("kind") == "Secret":
        data |= {key: {} for key in ("data", "stringData") if inputs.get(key) is SECRET}
    return data, Hidden(unknown, any(mark is SECRET for _, mark in marks))


def _plain(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return _PLACEHOLDER if value in (SECRET, UNKNOWN) else value


def _marks(path: str, value: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _marks(f"{path}.{key}" if path else key, item)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _marks(f"{path}[{index}]", item)
    elif value in (SECRET, UNKNOWN):
        yield path, value
