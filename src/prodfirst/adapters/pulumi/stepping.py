"""The engine's own steps, several for one replacement, into one step for each resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from prodfirst.adapters.pulumi.events import Diagnostic, Event, Failed, Finished, Severity, Started, StepEvent
from prodfirst.adapters.pulumi.host import Registration
from prodfirst.adapters.pulumi.paths import look_up, segments
from prodfirst.kernel.errors import Position
from prodfirst.planning.steps import Change, Operation, Step, in_order
from prodfirst.resources.graph import Urn, urn_type
from prodfirst.resources.values import UNKNOWN, freeze, holds

ROOT_TYPE = "pulumi:pulumi:Stack"
"""Holds the outputs of a stack; it is no resource of anybody, so it is no step."""

_OPERATIONS: Mapping[str, Operation] = {
    "same": Operation.SAME,
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "delete": Operation.DELETE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "delete-replaced": Operation.REPLACE,
    "import-replacement": Operation.REPLACE,
    "read": Operation.READ,
    "read-replacement": Operation.READ,
    "import": Operation.IMPORT,
}
_PROVIDER_TYPE = "pulumi:providers:"
_NO_STEPS = frozenset({"refresh", "discard", "discard-replaced", "remove-pending-replace"})
"""They touch the recorded state alone."""
_TELLING = ("replace", "create-replacement", "import-replacement")
"""Of the halves of a replacement, those that say what changed; the first one seen tells."""


@dataclass(frozen=True, slots=True)
class StepFailure:
    """A step that failed, and what the provider said."""

    step: Step
    reasons: tuple[str, ...]


Sources = Mapping[Urn, Position]


def sources_of(registrations: Iterable[Registration], root: Path) -> Sources:
    """The team's line of each registration; files are relative to the repository."""
    return {Urn(made.urn): positions_of(made, root)[0] for made in registrations if made.source}


def positions_of(made: Registration, root: Path) -> tuple[Position, ...]:
    """Where a resource was made, innermost first, relative to the repository."""
    base = root.resolve()
    return tuple(Position(Path(file).relative_to(base).as_posix(), line) for file, line in made.source)


def made_in_apply(registrations: Iterable[Registration]) -> frozenset[Urn]:
    """What callbacks of `apply` made."""
    return frozenset(Urn(made.urn) for made in registrations if made.in_apply)


def planned(
    events: Iterable[Event], sources: Sources, in_apply: frozenset[Urn] = frozenset()
) -> tuple[Step, ...]:
    """The steps of a preview."""
    raw = [event.step for event in events if isinstance(event, Started)]
    unchecked = _unchecked(raw)
    return tuple(
        replace(step, in_apply=step.urn in in_apply, unchecked=step.urn in unchecked)
        for step in _steps(raw, sources)
    )


def _unchecked(raw: Iterable[StepEvent]) -> frozenset[Urn]:
    """What belongs to a provider whose configuration is unknown: the engine asks it nothing."""
    states = {step.urn: step.new for step in raw if step.new is not None}
    unknown = {
        urn
        for urn, state in states.items()
        if urn_type(urn).startswith(_PROVIDER_TYPE) and holds(freeze(state.inputs), UNKNOWN)
    }
    return frozenset(
        urn for urn, state in states.items() if Urn(state.provider.rpartition("::")[0]) in unknown
    )


def done(events: Iterable[Event], sources: Sources) -> tuple[Step, ...]:
    """The steps that an update carried out to the end."""
    seen = tuple(events)
    broken = {event.step.urn for event in seen if isinstance(event, Failed)}
    broken |= {urn for urn, step in _unfinished(seen).items() if step.op != "same"}
    finished = (event.step for event in seen if isinstance(event, Finished))
    return _steps((step for step in finished if step.urn not in broken), sources)


def failed(events: Iterable[Event], sources: Sources) -> tuple[StepFailure, ...]:
    """The steps that failed, with the errors reported for their resources."""
    seen = tuple(events)
    steps = _steps((event.step for event in seen if isinstance(event, Failed)), sources)
    return tuple(StepFailure(step, _reasons(seen, step.urn)) for step in steps)


def unfinished(events: Iterable[Event], sources: Sources) -> tuple[Step, ...]:
    """The steps that were begun and of which nothing more was heard: the engine was killed."""
    steps = _steps(_unfinished(tuple(events)).values(), sources)
    return tuple(step for step in steps if step.operation is not Operation.SAME)


def _unfinished(events: tuple[Event, ...]) -> Mapping[Urn, StepEvent]:
    open_steps: dict[tuple[Urn, str], StepEvent] = {}
    for event in events:
        if isinstance(event, Started):
            open_steps[event.step.urn, event.step.op] = event.step
        elif isinstance(event, (Finished, Failed)):
            open_steps.pop((event.step.urn, event.step.op), None)
    return {urn: step for (urn, _), step in open_steps.items() if urn_type(urn) != ROOT_TYPE}


def _reasons(events: tuple[Event, ...], urn: Urn) -> tuple[str, ...]:
    messages = (
        event.message
        for event in events
        if isinstance(event, Diagnostic) and event.urn == urn and event.severity is Severity.ERROR
    )
    return tuple(dict.fromkeys(messages))


def _steps(raw: Iterable[StepEvent], sources: Sources) -> tuple[Step, ...]:
    chosen: dict[tuple[Urn, Operation], StepEvent] = {}
    for step in raw:
        if urn_type(step.urn) == ROOT_TYPE or step.op in _NO_STEPS:
            continue
        key = step.urn, operation_of(step)
        if key not in chosen or (step.op in _TELLING and chosen[key].op not in _TELLING):
            chosen[key] = step
    return in_order(
        tuple(_step(operation, step, sources) for (_, operation), step in _merged(chosen).items())
    )


def _merged(
    chosen: Mapping[tuple[Urn, Operation], StepEvent],
) -> Mapping[tuple[Urn, Operation], StepEvent]:
    """A lone `delete-replaced` removes what an earlier, broken run left: that is a delete."""
    leftovers = {
        key: step
        for key, step in chosen.items()
        if step.op == "delete-replaced" and (key[0], Operation.DELETE) not in chosen
    }
    kept = {key: step for key, step in chosen.items() if key not in leftovers}
    return {**kept, **{(urn, Operation.DELETE): step for (urn, _), step in leftovers.items()}}


def operation_of(step: StepEvent) -> Operation:
    """Raises ValueError for an operation of a newer engine, which nobody here can judge."""
    if step.op not in _OPERATIONS:
        raise ValueError(f"unknown engine operation `{step.op}`")
    return _OPERATIONS[step.op]


def _step(operation: Operation, raw: StepEvent, sources: Sources) -> Step:
    state = raw.new or raw.old
    return Step(
        operation=operation,
        urn=raw.urn,
        inputs=state.inputs if state else {},
        changes=changes_of(raw) if operation in (Operation.UPDATE, Operation.REPLACE) else (),
        protect=state.protect if state else False,
        source=None if operation is Operation.DELETE else sources.get(raw.urn),
    )


def changes_of(raw: StepEvent) -> tuple[Change, ...]:
    """By the provider's detailed diff, else by the properties it names, else by comparing the inputs."""
    if raw.old is None or raw.new is None:
        return ()
    if raw.detailed:
        return tuple(
            Change(
                path=diff.path,
                old=look_up(raw.old.inputs if diff.of_inputs else raw.old.outputs, diff.path),
                new=look_up(raw.new.inputs, diff.path),
                replaces=diff.kind.endswith("-replace"),
            )
            for diff in raw.detailed
        )
    old, new = raw.old.inputs, raw.new.inputs
    named = raw.diffs or tuple(key for key in sorted({*old, *new}) if old.get(key) != new.get(key))
    keys = set(raw.keys)
    return tuple(
        Change(path, look_up(old, path), look_up(new, path), bool({path, segments(path)[0]} & keys))
        for path in sorted(named)
    )
