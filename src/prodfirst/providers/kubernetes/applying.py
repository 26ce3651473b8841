"""Creating and changing objects: a POST first, server-side apply after that."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.providers.kubernetes import losing
from prodfirst.providers.kubernetes.client import Answer, ApiError, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster, UnknownKind
from prodfirst.providers.kubernetes.losing import Doubt, Lost
from prodfirst.providers.kubernetes.objects import (
    PATCH_FORCE,
    Data,
    Kind,
    is_true,
    metadata,
    name_of,
    namespace_of,
    to_api,
)
from prodfirst.providers.kubernetes.ownership import CREATOR, OURS, owners, reach_of, united, within
from prodfirst.providers.kubernetes.removing import removals

_MISSING_SECONDS = 15.0
"""How long a namespace or a kind that is not there yet is waited for: programs forget dependencies."""
_PAUSES = (0.2, 2.0)
_TRIES = 6


class Conflict(Exception):
    """Somebody else manages a field that the program sets."""


@dataclass(frozen=True, slots=True)
class Change:
    """One object to make or change."""

    cluster: Cluster
    kind: Kind
    inputs: Data
    manager: str
    dry_run: bool = False
    force: bool = False
    """Take over fields that others manage."""
    strict: bool = False
    """Refuse fields that the kind does not have, where the server would only warn."""

    def options(self, **more: str) -> dict[str, str]:
        """Query parameters."""
        checks = {"dryRun": "All"} if self.dry_run else {}
        return {**more, **checks, **({"fieldValidation": "Strict"} if self.strict else {})}


def create(change: Change, upsert: bool = False) -> Answer:
    """Make it; with `upsert` by server-side apply, whether it is there or not.

    A namespace or kind that is still missing is waited for, for a short while. Raises Lost where nobody knows
    whether it was made.
    """
    thing = to_api(change.inputs)
    end = time.monotonic() + (0 if change.dry_run else _MISSING_SECONDS)
    pause, longest = _PAUSES
    while True:
        try:
            return _asked(change, thing, upsert)
        except (ApiError, UnknownKind) as error:
            missing = isinstance(error, UnknownKind) or error.gone
            if not missing or time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        pause = min(pause * 2, longest)


def _asked(change: Change, thing: Data, upsert: bool) -> Answer:
    """POST or apply it. Where the answer is lost, what became of it is found out.

    Asked again blindly, the server would call the name taken; left alone, the object would be an orphan.
    """
    change.cluster.collection(change.kind)  # asked first: no write, and its answer tells the server's clock
    sent = losing.stamp(change.cluster.client.now())
    try:
        if upsert:
            return _applied(change, thing, change.force or change.dry_run)
        return change.cluster.create(change.kind, thing, change.options(fieldManager=CREATOR))
    except (ApiError, Unreachable) as error:
        if change.dry_run or not losing.may_be_done(error):
            raise
        found = losing.after(change.cluster, change.kind, thing, sent, error)
        doubt = Doubt(sent, change.manager, upsert)
        if found is None or (upsert and not losing.is_from(found, doubt)):
            raise Lost(f"{error}; after that, it was not there yet", sent) from error
        check_ours(change.kind, found, doubt)
        return Answer(found, ())


def check_ours(kind: Kind, live: Data, doubt: Doubt) -> None:
    """Raises Conflict where the object does not come from our creation, so that it is not ours to change."""
    if not losing.is_from(live, doubt):
        raise Conflict(
            f"{kind.kind} `{name_of(live)}` is there, and not by this program. Next: adopt it with "
            "`import_`, or give this one another name"
        )


def update(
    change: Change, name: str, old: Data, ignored: tuple[str, ...] = (), patch: bool = False
) -> Answer:
    """Bring the live object to the new inputs; `old` are the inputs on record.

    `patch`: the object belongs to others, and only the fields of the inputs are ours. One who writes
    at the same moment is no reason to fail: read and try again.
    """
    for _ in range(_TRIES - 1):
        try:
            return _update(change, name, old, ignored, patch)
        except ApiError as error:
            if not _is_overtaken(error):
                raise
    return _update(change, name, old, ignored, patch)


def _update(change: Change, name: str, old: Data, ignored: tuple[str, ...], patch: bool) -> Answer:
    thing = to_api(change.inputs)
    live = change.cluster.get(change.kind, namespace_of(thing), name)
    if change.kind.kind == "CustomResourceDefinition" and not patch:
        version = {**metadata(thing), "resourceVersion": metadata(live)["resourceVersion"]}
        options = change.options(fieldManager=change.manager)
        return change.cluster.replace(change.kind, {**thing, "metadata": version}, options)
    if not patch and not change.dry_run:
        live = _taken_over(change, live, old)
    thing = _respecting(thing, live, change.manager, ignored)
    unowned = not metadata(live).get("managedFields")
    created = any(owner.manager in OURS and owner.operation == "Update" for owner in owners(live))
    force = change.force or unowned
    if change.dry_run and created and not force:
        return _tried(change, thing)
    answer = _applied(change, thing, force)
    return answer if patch or change.dry_run else _cleaned(change, answer, old)


def _is_overtaken(error: ApiError) -> bool:
    """Whether the object changed between our look and our change (not: a field that somebody manages)."""
    return error.code == 409 and not error.causes


def forced(inputs: Data, everywhere: bool) -> bool:
    """Whether fields that others manage are taken over."""
    return everywhere or is_true(inputs, PATCH_FORCE)


def relinquish(change: Change, name: str) -> None:
    """Give up all fields: an apply of nothing."""
    bare = {
        "apiVersion": change.kind.api_version,
        "kind": change.kind.kind,
        "metadata": {"name": name, "namespace": namespace_of(change.inputs)},
    }
    change.cluster.apply(change.kind, bare, change.options(fieldManager=change.manager, force="true"))


def _applied(change: Change, thing: Data, force: bool) -> Answer:
    options = change.options(fieldManager=change.manager, force="true" if force else "false")
    try:
        return change.cluster.apply(change.kind, thing, options)
    except ApiError as error:
        if error.code == 409 and error.causes:
            raise Conflict(_conflict(change, thing, error.causes)) from error
        raise


def _tried(change: Change, thing: Data) -> Answer:
    """A dry run of what takes over the creator's fields first, which no dry run can: others' stay theirs."""
    try:
        return change.cluster.apply(
            change.kind, thing, change.options(fieldManager=change.manager, force="false")
        )
    except ApiError as error:
        if error.code != 409 or not error.causes:
            raise
        if others := [cause for cause in error.causes if not _is_creators(cause)]:
            raise Conflict(_conflict(change, thing, others)) from error
    return _applied(change, thing, force=True)


def _is_creators(cause: Mapping[str, str]) -> bool:
    """The server names the manager in words alone, one in each cause."""
    return any(cause.get("message", "").startswith(f'conflict with "{name}"') for name in OURS)


def _conflict(change: Change, thing: Data, causes: Iterable[Mapping[str, str]]) -> str:
    """Field and manager of each conflict."""
    fields = "; ".join(
        f"`{cause.get('field', '').removeprefix('.')}`: {cause.get('message', '')}" for cause in causes
    )
    what = f"{change.kind.kind} `{name_of(thing)}` has fields that somebody else manages: {fields}"
    take = f'set the annotation `{PATCH_FORCE}: "true"` to take them over'
    return f"{what}. Next: {take}, or leave them out of the program (`ignore_changes`)"


def _taken_over(change: Change, live: Data, old: Data) -> Data:
    """Hand the creator's fields to our own manager, so that what the program drops goes.

    Only what the program had set: the server's defaults stay nobody's.
    """
    entries = metadata(live).get("managedFields") or []
    created = [item for item in entries if item.get("manager") in OURS and _is_update(item)]
    if not created:
        return live
    fields: Data = {}
    for item in created:
        fields = united(fields, within(item.get("fieldsV1") or {}, to_api(old)))
    own = next((item for item in entries if _is_own(item, change.manager)), None)
    if own is not None:
        fields = united(own.get("fieldsV1") or {}, fields)
    entry = {
        **created[0],
        "manager": change.manager,
        "operation": "Apply",
        "fieldsV1": fields,
    }
    kept = [item for item in entries if item not in created and item is not own]
    steps = [
        {"op": "replace", "path": "/metadata/managedFields", "value": [*kept, entry]},
        _unless_changed(live),
    ]
    return change.cluster.patch(change.kind, namespace_of(live), name_of(live), steps, {}).data


def _unless_changed(live: Data) -> Data:
    """The step that makes the server refuse a patch of an object that has changed since."""
    return {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata(live)["resourceVersion"]}


def _is_update(item: Data) -> bool:
    return item.get("operation") == "Update" and not item.get("subresource")


def _is_own(item: Data, manager: str) -> bool:
    return item.get("manager") == manager and item.get("operation") == "Apply" and not item.get("subresource")


def _respecting(thing: Data, live: Data, manager: str, ignored: tuple[str, ...]) -> Data:
    """The engine's `ignoreChanges`: such a field keeps its live value, and its manager."""
    found = owners(live)
    ours = reach_of(owner for owner in found if owner.manager in {manager, *OURS})
    theirs = reach_of(owner for owner in found if owner.manager not in {manager, *OURS})
    for text in ignored:
        path = _parts(text)
        left, right = ours, theirs
        for part in path:
            left, right = left.field(part), right.field(part)
        value = _get(live, path)
        thing = _put(thing, path, None if right.held and not left.held else value)
    return thing


def _parts(text: str) -> tuple[str, ...]:
    """A property path of plain and quoted names; one into a list stands for the whole list."""
    parts: list[str] = []
    for piece in text.replace('["', ".\0").replace('"]', "\0.").split("."):
        name = piece.strip("\0") if "\0" in piece else piece.partition("[")[0]
        if name:
            parts.append(name)
        if "[" in piece and "\0" not in piece:
            break
    return tuple(parts)


def _get(value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _put(thing: Data, path: tuple[str, ...], value: Any) -> Data:
    """A copy with the value at the path; None removes it."""
    head, *rest = path
    if not rest:
        kept = {key: item for key, item in thing.items() if key != head}
        return kept if value is None else {**kept, head: value}
    below = thing.get(head)
    if not isinstance(below, dict):
        return thing if value is None else {**thing, head: _put({}, tuple(rest), value)}
    return {**thing, head: _put(below, tuple(rest), value)}


def _cleaned(change: Change, answer: Answer, old: Data) -> Answer:
    """Remove what the plan shows as removed and apply leaves: additions that a refresh recorded."""
    own = {change.manager, *OURS}
    theirs = reach_of(owner for owner in owners(answer.data) if owner.manager not in own)
    steps = list(removals((), theirs, to_api(old), to_api(change.inputs), answer.data))
    if not steps:
        return answer
    steps.append(_unless_changed(answer.data))
    removed = change.cluster.patch(
        change.kind,
        namespace_of(answer.data),
        name_of(answer.data),
        steps,
        change.options(fieldManager=change.manager),
    )
    return Answer(removed.data, (*answer.warnings, *removed.warnings))
