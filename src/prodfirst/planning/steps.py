"""Steps: one operation on one resource each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from prodfirst.kernel.errors import Position
from prodfirst.resources.graph import Urn, urn_name, urn_type
from prodfirst.resources.values import Value


class Operation(StrEnum):
    """What happens to a resource; the engine's halves of a replacement count as one `replace`."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    READ = "read"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Change:
    """One property that differs. `old` and `new` are masked where secret."""

    path: str
    """Pulumi's property path, such as `tags.env` or `rules[0].port`."""
    old: Value
    new: Value
    replaces: bool = False
    """Whether this change forces the replacement."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on one resource."""

    operation: Operation
    urn: Urn
    inputs: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    """The inputs after the step; the last ones before it for a delete."""
    changes: tuple[Change, ...] = ()
    protect: bool = False
    source: Position | None = None
    """The line in the team's program that declares it; None for a delete."""
    in_apply: bool = False
    """Whether a callback of `apply` made it: a preview in which the value is unknown lacks it."""
    unchecked: bool = False
    """Whether its provider's configuration was unknown, so that its defaults are not among the inputs."""

    @property
    def type(self) -> str:
        return urn_type(self.urn)

    @property
    def name(self) -> str:
        return urn_name(self.urn)


def in_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Sorted by URN and operation, so that two previews of one deployment list the same."""
    return tuple(sorted(steps, key=lambda step: (step.urn, step.operation)))
