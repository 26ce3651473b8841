"""The inputs that a program would have to have for the live object to be what it is.

What the program sets, with its live values; and what others added: a rule, a subject, a container, a label.
What the server and its controllers fill in is left out. Three witnesses: the program's inputs, the live
object with the owner of each field, and the object as it was recorded right after it was applied, which holds
the server's defaults.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from prodfirst.providers.kubernetes.filled import Path, is_filled, without
from prodfirst.providers.kubernetes.objects import Data, Kind, from_api, metadata, to_api
from prodfirst.providers.kubernetes.ownership import OURS, Reach, owners, reach_of


class _Absent(Enum):
    ABSENT = "absent"


ABSENT = _Absent.ABSENT


@dataclass(frozen=True, slots=True)
class _Place:
    """One place in the live object, and what the witnesses say of it."""

    path: Path
    inputs: Any
    recorded: Any
    ours: Reach
    others: Reach

    def field(self, name: str) -> _Place:
        return _Place(
            (*self.path, name),
            _at(self.inputs, name),
            _at(self.recorded, name),
            self.ours.field(name),
            self.others.field(name),
        )

    def item(self, inputs: Any, recorded: Any, step: Callable[[Reach], Reach]) -> _Place:
        return _Place((*self.path, "*"), inputs, recorded, step(self.ours), step(self.others))


@dataclass(frozen=True, slots=True)
class _Question:
    kind: Kind
    live: Data
    unmanaged: bool
    """Nobody is on record: the object is older than `managedFields`, or somebody emptied them."""
    additions: bool


def live_inputs(
    kind: Kind, live: Data, inputs: Data, recorded: Data, manager: str, additions: bool = True
) -> Data:
    """`recorded` is the checkpoint's live object (empty if none), `manager` our own field manager.

    Without `additions` only what the program sets is looked at.
    """
    live = to_api(live)
    counted = without(owners(live))
    own = OURS | {manager}
    place = _Place(
        path=(),
        inputs=to_api(inputs),
        recorded=to_api(recorded) if recorded else ABSENT,
        ours=reach_of(owner for owner in counted if owner.manager in own),
        others=reach_of(owner for owner in counted if owner.manager not in own),
    )
    question = _Question(kind, live, not metadata(live).get("managedFields"), additions)
    found = _walk(question, place, _spelled(kind, inputs, live))
    return from_api(found) if isinstance(found, dict) else {}


def imported_inputs(kind: Kind, live: Data) -> Data:
    """What a program would say of an object that it adopts: all but what the server fills in."""
    question = _Question(kind, live, unmanaged=True, additions=True)
    found = _walk(question, _Place((), {}, ABSENT, Reach(), Reach()), live)
    named = {"apiVersion": live.get("apiVersion"), "kind": live.get("kind")}
    return from_api({**named, **found}) if isinstance(found, dict) else named


def _walk(question: _Question, place: _Place, live: Any) -> Any:
    """The input at this place, or ABSENT."""
    if place.inputs is ABSENT and is_filled(question.kind, question.live, place.path, live):
        return ABSENT
    if isinstance(live, dict) and (place.inputs is ABSENT or isinstance(place.inputs, dict)):
        return _walk_map(question, place, live)
    if isinstance(live, list) and (place.inputs is ABSENT or isinstance(place.inputs, list)):
        return _walk_list(question, place, live)
    if place.inputs is ABSENT:
        return live if _is_added(question, place, live) else ABSENT
    return place.inputs if live in (place.inputs, place.recorded) else live


def _is_added(question: _Question, place: _Place, live: Any) -> bool:
    """Whether somebody else set what the program does not."""
    if not question.additions:
        return False
    if place.others.nodes:
        return True
    if place.others.whole or place.ours.held or question.unmanaged:
        return bool(live != place.recorded)
    return False


def _walk_map(question: _Question, place: _Place, live: Data) -> Any:
    found = {}
    for key, value in live.items():
        result = _walk(question, place.field(key), value)
        if result is not ABSENT:
            found[key] = result
    if place.inputs is ABSENT:
        empty_added = not live and _is_added(question, place, live)
        return found if found or empty_added else ABSENT
    found |= {
        key: value
        for key, value in place.inputs.items()
        if key not in live and _is_dropped(place.recorded, key, value)
    }
    return {key: found[key] for key in (*place.inputs, *found) if key in found}


def _walk_list(question: _Question, place: _Place, live: list[Any]) -> Any:
    keys = place.ours.key_fields() or place.others.key_fields()
    if keys or (question.unmanaged and _have_names(live)):
        found = _keyed(question, place, live, keys or ("name",))
    elif place.ours.is_set or place.others.is_set:
        found = _set(question, place, live)
    else:
        found = _ordered(question, place, live)
    return found if found or place.inputs is not ABSENT else ABSENT


def _keyed(question: _Question, place: _Place, live: list[Any], keys: tuple[str, ...]) -> list[Any]:
    """Items that are told apart by key fields: the program's order, then what was added."""
    wanted = place.inputs if isinstance(place.inputs, list) else []
    kept: dict[int, Any] = {}
    added: list[Any] = []
    for item in live:
        index = next(
            (i for i, own in enumerate(wanted) if i not in kept and _same_key(own, item, keys)), None
        )
        below = place.item(
            ABSENT if index is None else wanted[index],
            _recorded_item(place.recorded, item, keys),
            lambda reach, item=item: reach.item(item),  # type: ignore[misc]
        )
        result = _walk(question, below, item)
        if result is ABSENT:
            continue
        if index is None:
            added.append({**{key: item[key] for key in keys if key in item}, **result})
        else:
            kept[index] = result
    return [*(kept[index] for index in sorted(kept)), *added]


def _set(question: _Question, place: _Place, live: list[Any]) -> list[Any]:
    wanted = place.inputs if isinstance(place.inputs, list) else []
    recorded = place.recorded if isinstance(place.recorded, list) else []
    found = [item for item in wanted if item in live]
    for item in live:
        if item in wanted:
            continue
        below = place.item(
            ABSENT,
            item if item in recorded else ABSENT,
            lambda reach, item=item: reach.value(item),  # type: ignore[misc]
        )
        if _walk(question, below, item) is not ABSENT:
            found.append(item)
    return found


def _ordered(question: _Question, place: _Place, live: list[Any]) -> list[Any]:
    """A list that is owned as a whole: item by item; one that somebody else made longer shows all of it."""
    wanted = place.inputs if isinstance(place.inputs, list) else []
    recorded = place.recorded if isinstance(place.recorded, list) else []
    foreign = question.additions and place.others.atomic
    found = []
    for index, item in enumerate(live):
        below = place.item(
            wanted[index] if index < len(wanted) else ABSENT,
            recorded[index] if index < len(recorded) else ABSENT,
            lambda reach: Reach((), reach.atomic),
        )
        surplus = foreign and index >= len(wanted)
        if surplus and is_filled(question.kind, question.live, below.path, item):
            continue
        result = item if surplus else _walk(question, below, item)
        if result is not ABSENT:
            found.append(result)
    return found


def _spelled(kind: Kind, inputs: Data, live: Data) -> Data:
    """A Secret's `stringData` is only written: what it became in `data` is compared in its place."""
    text, data = inputs.get("stringData"), live.get("data")
    if kind.kind != "Secret" or not isinstance(text, dict) or not isinstance(data, dict):
        return live
    own = inputs.get("data") or {}
    rest = {key: value for key, value in data.items() if key in own or key not in text}
    return {
        **{key: value for key, value in live.items() if key != "data"},
        "stringData": {key: _plain(data[key]) for key in text if key in data},
        **({"data": rest} if rest else {}),
    }


def _plain(encoded: Any) -> Any:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, TypeError):
        return encoded


def _at(value: Any, key: str) -> Any:
    return value.get(key, ABSENT) if isinstance(value, dict) else ABSENT


def _recorded_item(recorded: Any, item: Any, keys: tuple[str, ...]) -> Any:
    listed = recorded if isinstance(recorded, list) else []
    return next((old for old in listed if _same_key(old, item, keys)), ABSENT)


def _same_key(left: Any, right: Any, keys: tuple[str, ...]) -> bool:
    """A key field that one side leaves to its default does not tell them apart."""
    if not isinstance(left, dict) or not isinstance(right, dict):
        return False
    both = [key for key in keys if key in left and key in right]
    return bool(both) and all(left[key] == right[key] for key in both)


def _have_names(live: list[Any]) -> bool:
    return bool(live) and all(isinstance(item, dict) and "name" in item for item in live)


def _is_dropped(recorded: Any, key: str, value: Any) -> bool:
    """Whether the server left an input out when it was applied: that is no drift.

    Where nothing is on record: the API leaves out what is empty.
    """
    return key not in recorded if isinstance(recorded, dict) else value in (None, "", [], {})
