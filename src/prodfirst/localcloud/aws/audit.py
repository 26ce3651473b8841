"""The audit of the local AWS: every call, allowed or denied, as JSON lines of mode 0600.

Shape: `{"id", "time", "principal", "key", "service", "operation", "parameters", "decision", "status",
"reason", "decided", "disagreement"}`. `parameters` holds names and identifiers alone, never a body or a
secret. `decided` lists every action on every resource that the call stands for, each as `{"action",
"resource", "decision", "statement", "reason"}`; `disagreement` is `{"action", "resource", "gateway",
"api", "rule"}` where the local API itself would have decided otherwise; `rule` is the id of AWS's rule.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

_IDENTIFYING = ("Arn", "Id", "Name", "Bucket", "Key", "KeyId", "AliasName", "SecretId", "RoleArn", "KeyName")
_VALUE_LIMIT = 256
_SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes after which the log is turned over; one older file is kept."""
_TURNED_OVER = ".old"


@dataclass
class Entry:
    """One call."""

    service: str
    operation: str = ""
    principal: str = ""
    key: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    decision: str = "allow"
    """`allow`, `deny` or `error` (allowed, and failed)."""
    status: int = 0
    reason: str = ""
    decided: list[dict[str, str]] = field(default_factory=list)
    disagreement: dict[str, str] | None = None
    id: str = field(default_factory=lambda: str(uuid4()))
    time: float = field(default_factory=time.time)

    def caller(self, arn: str) -> None:
        """Whom the access key turned out to stand for."""
        self.principal = arn


class Audit:
    """Appends entries to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, entry: Entry) -> None:
        """Add one entry."""
        if self._path.exists() and self._path.stat().st_size > _SIZE_LIMIT:
            self._path.replace(self._path.with_suffix(_TURNED_OVER))
        line = json.dumps(entry.__dict__, sort_keys=True) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """All that is kept, oldest first, as in the shape above."""
    for file in (path.with_suffix(_TURNED_OVER), path):
        if file.exists():
            with file.open() as stream:
                yield from map(json.loads, stream)


def from_the_start(path: Path) -> bool:
    """Whether all that ever was written is kept."""
    return not path.with_suffix(_TURNED_OVER).exists()


def identifying(parameters: dict[str, str]) -> dict[str, str]:
    """The parameters that say on what a call works."""
    return {
        key: value[:_VALUE_LIMIT]
        for key, value in parameters.items()
        if key.endswith(_IDENTIFYING) and key != "SecretAccessKey"
    }
