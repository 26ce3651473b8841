"""What a listener hears while a run goes on. Listeners may be called from several threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from prodfirst.resources.graph import Urn


@dataclass(frozen=True, slots=True)
class Phase:
    """A deployment enters a part of its run, such as `preview` or `update`."""

    deployment: str
    text: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    deployment: str
    operation: str
    """The engine's word, such as `create-replacement`."""
    urn: Urn


@dataclass(frozen=True, slots=True)
class StepFinished:
    deployment: str
    operation: str
    urn: Urn


@dataclass(frozen=True, slots=True)
class StepFailed:
    deployment: str
    operation: str
    urn: Urn


@dataclass(frozen=True, slots=True)
class Message:
    """A warning or an error of the engine, a provider or the program; secrets are masked."""

    deployment: str
    severity: str
    text: str


Progress: TypeAlias = Phase | StepStarted | StepFinished | StepFailed | Message
Listener: TypeAlias = Callable[[Progress], None]
