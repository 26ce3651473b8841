"""Drift: what a refresh finds different between the checkpoint and the cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prodfirst.adapters.kubernetes import drifting as kubernetes
from prodfirst.adapters.pulumi.events import Event, Finished, State
from prodfirst.adapters.pulumi.stepping import ROOT_TYPE
from prodfirst.planning.steps import Change
from prodfirst.resources.graph import Urn, urn_name, urn_type
from prodfirst.resources.values import Value


@dataclass(frozen=True, slots=True)
class Drift:
    """One resource that is not as recorded."""

    urn: Urn
    gone: bool
    """True where the cloud has it no more."""
    changes: tuple[Change, ...]
    """`old` is the checkpoint's value, `new` the cloud's. Empty where only secrets differ, or it is gone."""

    @property
    def type(self) -> str:
        return urn_type(self.urn)

    @property
    def name(self) -> str:
        return urn_name(self.urn)


def drift_of(events: Iterable[Event]) -> tuple[Drift, ...]:
    """By URN. A resource counts whose outputs differ, also where the engine finds its inputs equal."""
    found: dict[Urn, Drift] = {}
    for event in events:
        if isinstance(event, Finished) and urn_type(event.step.urn) != ROOT_TYPE:
            step = event.step
            if step.op == "delete" or (step.old is not None and step.new is None):
                found[step.urn] = Drift(step.urn, gone=True, changes=())
            elif step.old is not None and step.new is not None:
                changes = _changes(urn_type(step.urn), step.old, step.new)
                if changes or step.op == "update":
                    found[step.urn] = Drift(step.urn, gone=False, changes=changes)
    return tuple(found[urn] for urn in sorted(found))


def _changes(type: str, old: State, new: State) -> tuple[Change, ...]:
    left, right = old.outputs, new.outputs
    if kubernetes.is_object(type, left):
        left, right = kubernetes.compared(type, left, right)
    return tuple(_differences("", left, right))


def _differences(path: str, old: Value, new: Value) -> Iterable[Change]:
    """The innermost properties that differ; lists of another length count as one."""
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _differences(_below(path, key), old.get(key), new.get(key))
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{path}[{index}]", left, right)
    else:
        yield Change(path, old, new)


def _below(path: str, key: str) -> str:
    plain = key.replace("_", "").replace("-", "").replace(":", "").replace("/", "").isalnum()
    if not plain:
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
