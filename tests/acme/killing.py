"""`kill -9` of a command and all that it started, at a call that the audit shows as carried out."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from acme_estate import Acme

_SECONDS = 120
Call = Mapping[str, Any]
"""An entry of the audit."""


def killed_at(estate: Acme, at: Callable[[Call], bool], *command: str, nth: int = 1) -> bool:
    """Run a command and kill it at the `nth` call that `at` names; False where it ended before."""
    audit = estate.home / "local" / "audit.jsonl"
    with audit.open("rb") as file:
        file.seek(0, os.SEEK_END)
        process = estate.start(*command)
        deadline = time.monotonic() + _SECONDS
        seen = 0
        while (seen := seen + sum(_carried_out(call) and at(call) for call in _new(file))) < nth:
            if process.poll() is not None:
                process.communicate()
                return False
            assert time.monotonic() < deadline, f"`{' '.join(command)}` goes on and on"
            time.sleep(0.002)
    for pid in _family(process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it ended by itself in between
    process.communicate(timeout=60)
    return True


def operation(*names: str) -> Callable[[Call], bool]:
    """Calls of these operations."""
    return lambda call: call["operation"] in names


def _new(audit: BinaryIO) -> Iterator[Call]:
    """Entries that were added since the last look; half a line waits for the next one."""
    begin = audit.tell()
    whole, end, _ = audit.read().rpartition(b"\n")
    audit.seek(begin + len(whole) + len(end))
    return map(json.loads, whole.splitlines())


def _carried_out(call: Call) -> bool:
    return bool(call["decision"] == "allow")


def _family(pid: int) -> list[int]:
    """A process and all its descendants, whatever group they are in."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found
