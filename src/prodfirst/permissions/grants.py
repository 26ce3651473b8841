"""What an identity needs: one action on one resource pattern under conditions, and why.

Neutral of clouds. A grant's texts may hold placeholders such as `${account}` (permissions/placeholders.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from prodfirst.kernel.errors import Position


class Slot(StrEnum):
    """When a provider makes a call for a resource."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"


Conditions: TypeAlias = "tuple[tuple[str, str, tuple[str, ...]], ...]"
"""(operator, key, values), sorted: one value must fit; all entries must hold."""


def conditions(table: Mapping[str, Mapping[str, str | Iterable[str]]]) -> Conditions:
    """Conditions from a policy's own shape, `{OPERATOR: {KEY: VALUE or VALUES}}`."""
    return tuple(
        sorted(
            (operator, key, (values,) if isinstance(values, str) else tuple(sorted(set(values))))
            for operator, keys in table.items()
            for key, values in keys.items()
        )
    )


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One action on one resource pattern."""

    action: str
    """Such as `ec2:CreateSubnet`."""
    resource: str
    """An ARN pattern, or `*` where the action takes no resource."""
    conditions: Conditions = ()


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Which resource of the program needs a grant, when, and how we know."""

    type: str
    name: str
    slot: Slot
    source: str
    """Provenance: where the need is documented."""
    file: str = ""
    """The team's file that declares it. No line: a lock must not change when lines move."""


@dataclass(frozen=True, slots=True)
class Need:
    """A grant, the resource that needs it, and its line in the program as it is now."""

    grant: Grant
    reason: Reason
    position: Position | None
    unscopable: str = ""
    """Why the grant names no resource; empty where it does."""
