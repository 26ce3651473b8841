"""What a lock gains and loses against another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prodfirst.permissions.grants import Grant, Reason
from prodfirst.permissions.lock import Lock


@dataclass(frozen=True, slots=True)
class Change:
    """One grant that comes or goes."""

    phase: str
    """Whose: `plan` (the apply identity holds it too), `apply`, or `workload`."""
    grant: Grant
    environments: tuple[str, ...]
    """Where alone; empty for everywhere."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes, sorted."""

    added: tuple[Change, ...]
    removed: tuple[Change, ...]


def difference(old: Lock | None, new: Lock) -> Difference:
    """From `old` (None: there is none) to `new`. Empty where only the reasons differ."""
    before = {_key(change): change for change in _changes(old)} if old else {}
    after = {_key(change): change for change in _changes(new)}
    return Difference(
        tuple(after[key] for key in sorted(after.keys() - before.keys())),
        tuple(before[key] for key in sorted(before.keys() - after.keys())),
    )


def _key(change: Change) -> tuple[str, Grant, tuple[str, ...]]:
    return change.phase, change.grant, change.environments


def _changes(lock: Lock) -> Iterator[Change]:
    for phase, permissions in (("plan", lock.plan), ("apply", lock.apply), ("workload", lock.workload)):
        for item in permissions:
            for grant in item.grants():
                yield Change(phase, grant, item.environments, item.reasons)
