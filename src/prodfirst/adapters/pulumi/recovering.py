"""What a killed run left in flight is found out in the cloud, and taken into a copy of the state.

On a copy, so that a plan changes nothing, and an apply replaces the recorded state in one write: killed again
before it, the next run finds all as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from prodfirst.adapters.pulumi.checkpoint import latest_of
from prodfirst.adapters.pulumi.engine import Engine, ignore
from prodfirst.adapters.pulumi.events import OnEvent
from prodfirst.adapters.pulumi.pending import CREATING, Pending, pending_in, taken_in
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.adapters.pulumi.scratch import scratch
from prodfirst.planning.interrupted import Fate, Finder, Found, Interrupted, Wanted
from prodfirst.resources.graph import Urn, urn_type
from prodfirst.resources.values import Value, to_json


@dataclass(frozen=True, slots=True)
class Recovered:
    """A state in which nothing is in flight. It is whole only where nothing is undecided."""

    run: EngineRun
    """On the copy; it lasts as long as the context."""
    state: Mapping[str, Any]
    """As `pulumi stack import` takes it."""
    interrupted: tuple[Interrupted, ...]


@contextmanager
def recovered(
    engine: Engine,
    run: EngineRun,
    checkpoint: Mapping[str, Any],
    find: Finder,
    on_event: OnEvent = ignore,
) -> Iterator[Recovered]:
    """Find out what became of each pending operation of `checkpoint`, and read what is there.

    Raises what the cloud or the engine answers where it cannot be read; then nothing is changed anywhere.
    """
    judged = _creates(checkpoint, find)
    others = [item for item in pending_in(checkpoint) if item.operation != CREATING]
    adopted: dict[Urn, tuple[str, ...]] = {}
    for item in judged:
        if item.fate is Fate.ADOPTED:
            adopted[item.urn] = (*adopted.get(item.urn, ()), item.id)
    copy = taken_in(checkpoint, adopted)
    with scratch(engine, run) as nowhere:
        engine.import_state(nowhere, copy)
        touched = {*adopted, *(item.urn for item in others)} & {urn for urn, _ in _ids(copy)}
        if touched:
            engine.refresh(nowhere, preview_only=False, targets=sorted(touched), on_event=on_event)
        state = engine.export(nowhere)
        there = _ids(state)
        fates = [*(_seen(item, there) for item in judged), *(_other(item, there) for item in others)]
        yield Recovered(nowhere, state, tuple(fates))


def _creates(checkpoint: Mapping[str, Any], find: Finder) -> list[Interrupted]:
    """What became of every pending create.

    What the state has already is none of theirs. Ids are compared within a type: a bucket's settings have the
    id of the bucket.
    """
    creates = [item for item in pending_in(checkpoint) if item.operation == CREATING]
    alike = Counter(map(_likeness, creates))
    taken = {(urn_type(urn), id) for urn, id in _ids(checkpoint)}
    judged = []
    for item in creates:
        found = find(Wanted(item.urn, item.inputs, item.provider))
        free = tuple(id for id in found.ids if (urn_type(item.urn), id) not in taken)
        result = _judge(item, replace(found, ids=free), alike[_likeness(item)])
        alike[_likeness(item)] -= 1
        taken.add((urn_type(item.urn), result.id))
        judged.append(result)
    return judged


def _judge(item: Pending, found: Found, alike: int) -> Interrupted:
    """`alike` creates of the same thing are left to be told apart, this one included: any of them will do."""
    if found.undecided:
        return Interrupted(item.operation, item.urn, Fate.UNDECIDED, why=found.undecided)
    if not found.ids:
        return Interrupted(item.operation, item.urn, Fate.NEVER_MADE)
    if len(found.ids) > alike:
        listed = ", ".join(f"`{id}`" for id in found.ids)
        why = f"each of {listed} may be what it made, and no state has them"
        return Interrupted(item.operation, item.urn, Fate.UNDECIDED, why=why)
    return Interrupted(item.operation, item.urn, Fate.ADOPTED, found.ids[0])


def _likeness(item: Pending) -> tuple[str, str, str]:
    return str(item.resource["type"]), _text(item.inputs), _text(item.provider)


def _text(values: Mapping[str, Value]) -> str:
    return repr(sorted(to_json(values).items()))


def _seen(item: Interrupted, there: frozenset[tuple[Urn, str]]) -> Interrupted:
    """What was found may be gone by the time that it is read."""
    if item.fate is Fate.ADOPTED and (item.urn, item.id) not in there:
        return replace(item, fate=Fate.NEVER_MADE, id="")
    return item


def _other(item: Pending, there: frozenset[tuple[Urn, str]]) -> Interrupted:
    fate = Fate.READ if (item.urn, item.id) in there else Fate.GONE
    return Interrupted(item.operation, item.urn, fate, item.id)


def _ids(checkpoint: Mapping[str, Any]) -> frozenset[tuple[Urn, str]]:
    resources = latest_of(checkpoint).get("resources") or ()
    return frozenset((Urn(item["urn"]), item.get("id", "")) for item in resources)
