"""What a killed run left in flight, what became of it in the cloud, and who can find that out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from prodfirst.resources.graph import Urn, urn_name, urn_type
from prodfirst.resources.values import Value


class Fate(StrEnum):
    """What became of an operation that was cut off."""

    ADOPTED = "adopted"
    """A create that came through: the resource is taken into the state."""
    NEVER_MADE = "never made"
    """A create that did not: it is forgotten, and planned like any other."""
    READ = "read again"
    """The resource is there; the state now says what the cloud says."""
    GONE = "gone"
    """The resource is not there any more; the state forgets it."""
    UNDECIDED = "undecided"
    """Nobody here can tell; a person has to."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """One operation that was cut off."""

    operation: str
    """The engine's word for what it was doing: `creating`, `updating`, `deleting`, `reading`, `importing`."""
    urn: Urn
    fate: Fate
    id: str = ""
    """The cloud's own name of the resource, where there is one."""
    why: str = ""
    """Why it is undecided."""

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{self.operation} `{urn_name(self.urn)}` ({urn_type(self.urn)}) was cut off: {self._outcome}"

    @property
    def _outcome(self) -> str:
        match self.fate:
            case Fate.ADOPTED:
                return f"it was made, as `{self.id}`, which is adopted"
            case Fate.NEVER_MADE:
                return "it was never made"
            case Fate.READ:
                return f"`{self.id}` is there, and is read again"
            case Fate.GONE:
                return f"`{self.id}` is gone, and is forgotten"
            case Fate.UNDECIDED:
                return self.why


def dump_interrupted(item: Interrupted) -> dict[str, str]:
    """`{"operation", "urn", "fate", "id", "why"}`."""
    return {
        "operation": item.operation,
        "urn": item.urn,
        "fate": item.fate.value,
        "id": item.id,
        "why": item.why,
    }


def load_interrupted(data: Mapping[str, str]) -> Interrupted:
    """The inverse of `dump_interrupted`; raises KeyError or ValueError."""
    return Interrupted(data["operation"], Urn(data["urn"]), Fate(data["fate"]), data["id"], data["why"])


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource that may have been made, or not: everything by which it could be known again."""

    urn: Urn
    inputs: Mapping[str, Value]
    """As the provider was given them, names that it made up included; secrets are marks."""
    provider: Mapping[str, Value]
    """The configuration of its provider instance: region, default tags."""
    since: datetime | None = None
    """When the run that was cut off began, where that is known."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked for and found."""

    ids: tuple[str, ...] = ()
    """Every resource that may be the wanted one; none means that it was never made."""
    undecided: str = ""
    """Why the answer is no answer; empty where it is one."""


Finder: TypeAlias = Callable[[Wanted], Found]
"""Asks a cloud, changing nothing."""
