"""What a listener hears while a run goes on.

Listeners may be called from several threads, and time the steps themselves: an event is told when it happens.
"""

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
    carries_out: bool = False
    """Whether steps from now on are carried out; those of a preview are only computed."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    deployment: str
    operation: str
    """The engine's word, such as `create-replacement`."""
    urn: Urn


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step succeeded; in a preview, it was computed."""

    deployment: str
    operation: str
    urn: Urn


@dataclass(frozen=True, slots=True)
class StepFailed:
    deployment: str
    operation: str
    urn: Urn
    reason: str = ""
    """What the provider said, masked; empty where a `Message` has told it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What the engine, a provider or the program says; secrets are masked."""

    deployment: str
    severity: str
    """`info`, `info#err`, `warning` or `error`, as the engine names them."""
    text: str
    urn: Urn | None = None
    """The resource that it is about."""


Progress: TypeAlias = Phase | StepStarted | StepFinished | StepFailed | Message
Listener: TypeAlias = Callable[[Progress], None]
