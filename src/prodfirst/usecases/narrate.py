"""What the engine says while it runs, told to a listener as progress of one deployment."""

from __future__ import annotations

from prodfirst.adapters.pulumi.events import Diagnostic, Event, Failed, Finished, OnEvent, Severity, Started
from prodfirst.planning.progress import Listener, Message, StepFailed, StepFinished, StepStarted

_STACK = "pulumi:pulumi:Stack"
"""The engine's own root of every program."""


def narrator(deployment: str, listen: Listener) -> OnEvent:
    """A listener of engine events that speaks of `deployment`."""

    def hear(event: Event) -> None:
        match event:
            case Diagnostic(Severity.WARNING | Severity.ERROR as severity, message):
                listen(Message(deployment, severity.value, message))
            case Started(step) if _STACK not in step.urn:
                listen(StepStarted(deployment, step.op, step.urn))
            case Finished(step) if _STACK not in step.urn:
                listen(StepFinished(deployment, step.op, step.urn))
            case Failed(step) if _STACK not in step.urn:
                listen(StepFailed(deployment, step.op, step.urn))
            case _:
                pass

    return hear
