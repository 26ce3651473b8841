"""Secrets out of everything that leaves an engine run: values by their marks, text by the words known."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from prodfirst.adapters.pulumi.programhost.unknowns import LATER
from prodfirst.resources.values import SECRET, UNKNOWN, Value

SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's marker
_RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWNS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        LATER,
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What stands for a value not known yet, by its type: `go/common/resource/plugin/rpc.go` of the SDK."""
_SHOWN_SECRET = "[secret]"  # noqa: S105 - what the engine shows in place of one
_MASK = "[secret]"
_SHORTEST = 4
"""Characters; masking each `1` of a text would hide the text and show the secret by its gaps."""


def value_of(raw: Any) -> Value:
    """A property value from the engine's JSON, immutable, with marks for secrets and unknowns."""
    if isinstance(raw, str):
        return _text_value(raw)
    if isinstance(raw, Mapping):
        return _mapping_value(raw)
    if isinstance(raw, list):
        return tuple(value_of(item) for item in raw)
    if raw is None or isinstance(raw, (bool, int, float)):
        return raw
    raise TypeError(f"not a property value: {type(raw).__name__}")


def values_of(raw: Mapping[str, Any] | None) -> Mapping[str, Value]:
    """A property bag."""
    return MappingProxyType({key: value_of(item) for key, item in sorted((raw or {}).items())})


def _text_value(raw: str) -> Value:
    if raw == _SHOWN_SECRET:
        return SECRET
    return UNKNOWN if raw in _UNKNOWNS else raw


def _mapping_value(raw: Mapping[str, Any]) -> Value:
    match raw.get(SIGNATURE):
        case str(signature) if signature == _SECRET_SIGNATURE:
            return SECRET
        case str(signature) if signature == _RESOURCE_SIGNATURE:
            return _text_value(str(raw.get("id") or raw.get("urn", "")))
    return MappingProxyType({str(key): value_of(item) for key, item in sorted(raw.items())})


class Masker:
    """Replaces the secret strings that a run has met in any text; thread-safe, in memory only."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """A secret of several lines is masked line by line too, as tools indent them."""
        lines = {line.strip() for line in secret.splitlines()}
        with self._lock:
            self._secrets |= {part for part in {secret, *lines} if len(part) >= _SHORTEST}

    def __call__(self, text: str) -> str:
        with self._lock:
            longest_first = sorted(self._secrets, key=len, reverse=True)
        for secret in longest_first:
            text = text.replace(secret, _MASK)
        return text
