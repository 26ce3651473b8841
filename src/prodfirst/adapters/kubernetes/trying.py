"""The dry run of one object of a plan: its verdict, and the server's words."""

from __future__ import annotations

from prodfirst.adapters.kubernetes.plain import Hidden, plain
from prodfirst.adapters.kubernetes.planned_objects import Checked, Made, PlannedObject
from prodfirst.planning.checks import Verdict
from prodfirst.planning.steps import Operation
from prodfirst.providers.kubernetes import applying
from prodfirst.providers.kubernetes.applying import Change, Conflict
from prodfirst.providers.kubernetes.client import ApiError
from prodfirst.providers.kubernetes.cluster import Cluster, UnknownKind, namespaced_without_server
from prodfirst.providers.kubernetes.losing import Doubt
from prodfirst.providers.kubernetes.objects import (
    Data,
    Kind,
    is_patch,
    kind_of,
    metadata,
    name_of,
    namespace_of,
)

_LONGEST_NAME = 63
_SUFFIX = "-preflight"
_NOT_LET_IN = 401


def try_one(cluster: Cluster, item: PlannedObject, made: Made, where: str) -> Checked:
    """Whether the server takes it; `where` is the namespace of an object that names none.

    Raises Unreachable or NoCredentials, and ApiError where the credentials are refused: it is not tried then.
    """
    inputs, hidden = plain(item.inputs)
    kind = kind_of(item.type, inputs)
    if (early := not_yet(item, kind, inputs, hidden, made)) is not None:
        return early
    try:
        _ask(cluster, item, kind, placed(cluster, kind, inputs, where))
    except (ApiError, Conflict, UnknownKind) as error:
        if isinstance(error, ApiError) and error.code == _NOT_LET_IN:
            raise
        return _refusal(item, made, error)
    unseen = "with placeholders for its secrets" if hidden.secret else ""
    return Checked(item, Verdict.PASSED, unseen, "dry run by the API server")


def not_yet(item: PlannedObject, kind: Kind, inputs: Data, hidden: Hidden, made: Made) -> Checked | None:
    """Why the server cannot be asked about it before something is made; None where it can."""
    if hidden.unknown:
        paths = ", ".join(f"`{path}`" for path in hidden.unknown)
        return Checked(item, Verdict.UNCHECKED, f"known only after apply: {paths}")
    missing = made.waited_for(kind, inputs)
    return Checked(item, Verdict.DEFERRED, missing) if missing else None


def placed(cluster: Cluster, kind: Kind, inputs: Data, where: str) -> Data:
    """With a namespace where the kind has one."""
    given = metadata(inputs)
    namespaced = namespaced_without_server(kind) if kind.built_in else cluster.collection(kind).namespaced
    return (
        {**inputs, "metadata": {**given, "namespace": given.get("namespace") or where}}
        if namespaced
        else inputs
    )


def _ask(cluster: Cluster, item: PlannedObject, kind: Kind, inputs: Data) -> None:
    force = applying.forced(inputs, everywhere=False)
    change = Change(cluster, kind, inputs, item.manager, dry_run=True, force=force, strict=True)
    name = name_of(inputs)
    match item.operation:
        case Operation.CREATE:
            applying.create(change, upsert=item.upsert)
        case Operation.REPLACE:
            applying.create(_beside(change), upsert=item.upsert)
        case Operation.UPDATE if item.doubt is not None and _is_to_make(cluster, kind, inputs, item.doubt):
            applying.create(change, item.doubt.upsert)
        case Operation.UPDATE:
            applying.update(change, name, {}, patch=is_patch(item.type))
        case Operation.DELETE:
            cluster.delete(kind, namespace_of(inputs), name, "Foreground", {"dryRun": "All"})
        case _:
            cluster.find(kind, namespace_of(inputs), name)


def _is_to_make(cluster: Cluster, kind: Kind, inputs: Data, doubt: Doubt) -> bool:
    """Whether the update makes what a creation without an answer did not. Raises Conflict, as it will."""
    live = None if doubt.upsert else cluster.find(kind, namespace_of(inputs), name_of(inputs))
    if live is not None:
        applying.check_ours(kind, live, doubt)
    return live is None


def _beside(change: Change) -> Change:
    """The old object is still there: its successor is tried under another name."""
    given = metadata(change.inputs)
    name = f"{name_of(change.inputs)[: _LONGEST_NAME - len(_SUFFIX)]}{_SUFFIX}"
    inputs = {**change.inputs, "metadata": {**given, "name": name}}
    return Change(change.cluster, change.kind, inputs, change.manager, True, change.force, True)


def _refusal(item: PlannedObject, made: Made, error: ApiError | Conflict | UnknownKind) -> Checked:
    if isinstance(error, ApiError) and error.gone:
        if item.operation is Operation.DELETE:
            return Checked(item, Verdict.PASSED, "it is gone already")
        if error.details.get("name") in made.names:
            return Checked(item, Verdict.DEFERRED, f"the same apply makes what it needs: {error}")
    gone = isinstance(error, UnknownKind) or (isinstance(error, ApiError) and error.gone)
    return Checked(item, Verdict.REFUSED, str(error), gone=gone)
