"""Create, read, update, delete and compare one resource: what each does against its cluster."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from prodfirst.providers.kubernetes import applying, awaiting, comparing, losing, previewing
from prodfirst.providers.kubernetes.applying import Change, Conflict
from prodfirst.providers.kubernetes.awaiting import NotGone, NotReady, Target, seconds_of
from prodfirst.providers.kubernetes.client import Answer, ApiError, Unreachable
from prodfirst.providers.kubernetes.cluster import UnknownKind
from prodfirst.providers.kubernetes.comparing import path_text
from prodfirst.providers.kubernetes.credentials import NoCredentials
from prodfirst.providers.kubernetes.instance import Instance, NoCluster, NotDeleted
from prodfirst.providers.kubernetes.live import imported_inputs, live_inputs
from prodfirst.providers.kubernetes.losing import Doubt, Lost
from prodfirst.providers.kubernetes.objects import (
    FIELD_MANAGER,
    REPLACE_UNREADY,
    SKIP_AWAIT,
    Data,
    Kind,
    annotation,
    id_parts,
    is_patch,
    is_true,
    object_id,
)
from prodfirst.providers.kubernetes.readiness import NEED_NODES, is_awaited, readiness
from prodfirst.providers.kubernetes.state import (
    INITIAL,
    INPUTS,
    MANAGER,
    SENT,
    checkpoint,
    doubt_of,
    live_of,
    planned_creation,
    planned_update,
    uncertain,
    was_seen,
)

_PLAIN = (
    ApiError, Conflict, Lost, NoCluster, NoCredentials, NotDeleted, NotGone, NotReady, UnknownKind,
    Unreachable,
)  # fmt: skip
_STORAGE_CLASS = Kind("storage.k8s.io", "v1", "StorageClass")


class Partial(Exception):
    """The object exists, and is not as it should be."""

    def __init__(self, id: str, state: Data, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.id = id
        self.state = state
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a program, on the instance that it belongs to."""

    instance: Instance
    urn: str
    token: str
    kind: Kind

    def change(self, inputs: Data, manager: str, dry_run: bool) -> Change:
        """Raises NoCluster."""
        force = applying.forced(inputs, self.instance.settings.patch_force)
        return Change(self.instance.cluster(), self.kind, inputs, manager, dry_run, force)

    @property
    def upsert(self) -> bool:
        """Whether its object may be there before it is created."""
        return is_patch(self.token) or self.instance.settings.upsert

    def target(self, id: str) -> Target:
        """Raises NoCluster."""
        namespace, name = id_parts(id)
        return Target(self.instance.cluster(), self.kind, namespace, name, self.instance.stopping)


@dataclass(frozen=True, slots=True)
class Updating:
    """What the engine says of an update."""

    id: str
    state: Data
    old: Data
    new: Data
    ignored: tuple[str, ...]
    timeout: float
    preview: bool


def told(error: Exception) -> str:
    """An error in words for the user."""
    if isinstance(error, ApiError) and error.code == 401:
        return f"the cluster does not accept the credentials: {error}"
    if isinstance(error, ApiError) and error.reason == "AlreadyExists":
        adopt = "adopt it with `import_`, or set `upsertExistingObjects` on the provider to take it over"
        return f"{error}. Next: {adopt}"
    return str(error) if isinstance(error, _PLAIN) else f"{type(error).__name__}: {error}"


def changes(
    resource: Resource, old: Data, new: Data, ignored: tuple[str, ...]
) -> tuple[comparing.Change, ...]:
    """What differs, but for what the program ignores."""
    settings = resource.instance.settings
    mutable = {"ConfigMap": settings.config_map_mutable, "Secret": settings.secret_mutable}
    found = comparing.changes(
        resource.kind,
        old,
        new,
        mutable=frozenset(kind for kind, on in mutable.items() if on),
        patch=is_patch(resource.token),
    )
    return tuple(change for change in found if not _is_below(change.text, ignored))


def unready(resource: Resource, id: str, new: Data) -> list[str]:
    """The path that replaces a Job which has not succeeded, where its program asks for that."""
    if not is_true(new, REPLACE_UNREADY) or resource.kind.kind != "Job":
        return []
    try:
        target = resource.target(id)
        live = target.cluster.find(target.kind, target.namespace, target.name)
    except (NoCluster, Unreachable, NoCredentials) as error:
        resource.instance.log.warn(resource.urn, f"nobody knows whether it has succeeded: {error}")
        return []
    if live is None or readiness(resource.kind, live).ready:
        return []
    return [path_text(("metadata", "annotations", REPLACE_UNREADY))]


def create(resource: Resource, inputs: Data, timeout: float, preview: bool) -> tuple[str, Data]:
    """Id and checkpoint. Raises Partial once the object exists, or may exist."""
    manager, initial = _manager(inputs, {}), str(inputs["apiVersion"])
    if preview:
        return "", _previewed(resource, inputs, manager)
    change = resource.change(inputs, manager, dry_run=False)
    try:
        live = _heard(resource, applying.create(change, resource.upsert))
    except Lost as error:
        state = uncertain(inputs, initial, manager, error.sent)
        raise Partial(object_id(inputs), state, [told(error)]) from error
    return _settled(resource, inputs, live, manager, initial, timeout)


def update(resource: Resource, asked: Updating) -> Data:
    """The checkpoint. Raises Partial where the object was changed, and does not work."""
    manager = _manager(asked.new, asked.state)
    initial = str(asked.state.get(INITIAL) or asked.new["apiVersion"])
    if asked.preview:
        return _previewed_update(resource, asked, manager, initial)
    change = resource.change(asked.new, manager, dry_run=False)
    name = id_parts(asked.id)[1]
    try:
        live = _heard(resource, _changed(resource, asked, change))
    except Lost as error:
        # the first creation may still come to pass: what is as old as that one is ours
        sent = str(asked.state.get(SENT) or error.sent)
        raise Partial(asked.id, uncertain(asked.new, initial, manager, sent), [told(error)]) from error
    before = asked.state.get(MANAGER)
    if isinstance(before, str) and before != manager:
        applying.relinquish(replace(change, manager=before), name)
    return _settled(resource, asked.new, live, manager, initial, asked.timeout)[1]


def _changed(resource: Resource, asked: Updating, change: Change) -> Answer:
    """Change it, or make it after all where its creation got no answer."""
    namespace, name = id_parts(asked.id)
    if (doubt := doubt_of(asked.state, resource.upsert)) is not None:
        live = None if doubt.upsert else change.cluster.find(change.kind, namespace, name)
        if live is None:
            return applying.create(change, doubt.upsert)
        applying.check_ours(change.kind, live, doubt)
    return applying.update(change, name, asked.old, asked.ignored, is_patch(resource.token))


def read(resource: Resource, id: str, old: Data, state: Data) -> Data | None:
    """The checkpoint by the live object; None where it is gone. Raises Partial where it does not work.

    Raises Lost where a creation that got no answer may still be carried out.
    """
    settings = resource.instance.settings
    try:
        target = resource.target(id)
        live = target.cluster.find(target.kind, target.namespace, target.name)
    except (NoCluster, Unreachable) as error:
        if resource.instance.is_deletable_unheard:
            resource.instance.log.warn(resource.urn, f"taken for deleted: {error}")
            return None
        if settings.skip_unreachable and state:
            resource.instance.log.warn(resource.urn, f"left as recorded: {error}")
            return state
        raise
    if live is None and (doubt := doubt_of(state, resource.upsert)) is not None:
        losing.check_over(target.text, doubt, target.cluster.client.now())
    if live is None or _is_anothers(resource, live, state):
        return None
    manager = _manager(old, state)
    if old:
        # without the object as it was made, the server's defaults are not told from additions
        additions = not is_patch(resource.token) and was_seen(state)
        inputs = live_inputs(resource.kind, live, old, live_of(state), manager, additions)
    else:
        inputs = imported_inputs(resource.kind, live)
    found = checkpoint(inputs, live, str(state.get(INITIAL) or live["apiVersion"]), manager)
    health = readiness(resource.kind, live)
    if old and not health.ready and not _unawaited(resource, old, live):
        raise Partial(id, found, [f"{target.text} does not work: {health.reason}"])
    return found


def _is_anothers(resource: Resource, live: Data, state: Data) -> bool:
    """Whether what is there does not come from the creation on record, which got no answer."""
    doubt = doubt_of(state, resource.upsert)
    if doubt is None or losing.is_from(live, doubt):
        return False
    what = f"{resource.kind.kind} `{object_id(live)}`"
    resource.instance.log.warn(resource.urn, f"{what} is there, and not by this program: ours was not made")
    return True


def delete(resource: Resource, id: str, state: Data, timeout: float) -> None:
    """Returns when it is gone. A patch gives up its fields, and the object stays.

    Raises Conflict where an object is there that does not come from the creation on record.
    """
    inputs = state.get(INPUTS) or {}
    try:
        target = resource.target(id)
        if is_patch(resource.token):
            change = resource.change(inputs, _manager(inputs, state), dry_run=False)
            if target.cluster.find(target.kind, target.namespace, target.name) is not None:
                applying.relinquish(change, target.name)
            return
        if (doubt := doubt_of(state, resource.upsert)) is not None and not _is_made(target, doubt):
            return
        awaiting.delete(target, inputs, seconds_of(inputs, timeout))
    except (NoCluster, Unreachable) as error:
        if not resource.instance.is_deletable_unheard:
            raise NotDeleted(str(error)) from error
        resource.instance.log.warn(resource.urn, f"taken for deleted: {error}")


def _is_made(target: Target, doubt: Doubt) -> bool:
    """Whether what a creation without an answer was to make is there.

    Raises Conflict where another is, and Lost where it may still come.
    """
    live = target.cluster.find(target.kind, target.namespace, target.name)
    if live is None:
        losing.check_over(target.text, doubt, target.cluster.client.now())
    if live is not None and not losing.is_from(live, doubt):
        record = "`prodfirst drift --record` takes it off the record and leaves the object"
        raise Conflict(
            f"{target.text} is there, and not by this program, whose creation got no answer: it was not "
            f"deleted. Next: {record}; or delete the object by hand, and run this again"
        )
    return live is not None


def _heard(resource: Resource, answer: Answer) -> Data:
    """The object; what the server warns of is told."""
    for warning in answer.warnings if not resource.instance.settings.suppress_warnings else ():
        resource.instance.log.warn(resource.urn, f"the server warns: {warning}")
    return answer.data


def _settled(
    resource: Resource, inputs: Data, live: Data, manager: str, initial: str, timeout: float
) -> tuple[str, Data]:
    """Wait until it works."""
    id = object_id(live)
    skipped = _unawaited(resource, inputs, live)
    if skipped and is_awaited(resource.kind) and skipped != SKIP_AWAIT:
        resource.instance.warn_once(skipped, resource.urn, f"{resource.kind.kind} `{id}`: {skipped}")
    try:
        if not skipped:
            live = awaiting.until_ready(resource.target(id), live, seconds_of(inputs, timeout))
    except (NotReady, ApiError, NoCredentials) as error:
        raise Partial(id, checkpoint(inputs, live, initial, manager), [told(error)]) from error
    return id, checkpoint(inputs, live, initial, manager)


def _unawaited(resource: Resource, inputs: Data, live: Data) -> str:
    """Why it is not waited for; empty where it is."""
    if is_true(inputs, SKIP_AWAIT) or is_patch(resource.token):
        return SKIP_AWAIT
    if resource.instance.settings.without_nodes and (resource.kind.group, resource.kind.kind) in NEED_NODES:
        return "this cluster has no nodes: its pods stay pending, and are not waited for"
    return _unbound(resource, live) if resource.kind.kind == "PersistentVolumeClaim" else ""


def _unbound(resource: Resource, live: Data) -> str:
    """A claim may be bound only when a pod uses it."""
    name = (live.get("spec") or {}).get("storageClassName")
    if not name or readiness(resource.kind, live).ready:
        return ""
    try:
        found = resource.instance.cluster().find(_STORAGE_CLASS, "", str(name)) or {}
    except ApiError as error:
        return f"not waited for, since its storage class cannot be read: {error}"
    if found.get("volumeBindingMode") == "WaitForFirstConsumer":
        return f"storage class `{name}` binds it when a pod first uses it"
    return ""


def _previewed(resource: Resource, inputs: Data, manager: str) -> Data:
    answer: Data | None = None
    try:
        change = resource.change(inputs, manager, dry_run=True)
        verb = "patch" if resource.upsert else "create"
        answer = previewing.dry_run(
            resource.instance, resource.urn, change, verb, lambda: applying.create(change, resource.upsert)
        )
    except NoCluster as error:
        previewing.without_cluster(resource.instance, resource.urn, error)
    live = planned_creation(inputs, answer)
    return checkpoint(inputs, live, str(inputs["apiVersion"]), manager)


def _previewed_update(resource: Resource, asked: Updating, manager: str, initial: str) -> Data:
    answer: Data | None = None
    try:
        change = resource.change(asked.new, manager, dry_run=True)
        answer = previewing.dry_run(
            resource.instance, resource.urn, change, "patch", lambda: _changed(resource, asked, change)
        )
    except NoCluster as error:
        previewing.without_cluster(resource.instance, resource.urn, error)
    live = planned_update(asked.state, asked.old, asked.new, answer)
    return checkpoint(asked.new, live, initial, manager)


def _manager(inputs: Data, state: Data) -> str:
    """The field manager: the annotation's, the recorded one, or a new one of the original's form."""
    recorded = state.get(MANAGER)
    given = annotation(inputs, FIELD_MANAGER)
    return given or (recorded if isinstance(recorded, str) else f"pulumi-kubernetes-{secrets.token_hex(4)}")


def _is_below(text: str, ignored: tuple[str, ...]) -> bool:
    return any(text == path or text.startswith((f"{path}.", f"{path}[")) for path in ignored)
