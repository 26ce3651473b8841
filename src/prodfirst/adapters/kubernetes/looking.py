"""What a cluster says of one object to whoever plans it: tried where that may be, else looked at.

RBAC has no word for "dry run only", so a plan identity may not try what it may not write. It sees whether the
kind is served, whether a name is free, whether what is to be changed is there. What is missing may be made by
another deployment of the same plan, so it is no refusal here, as it is when apply asks.
"""

from __future__ import annotations

from dataclasses import replace

from prodfirst.adapters.kubernetes.plain import plain
from prodfirst.adapters.kubernetes.planned_objects import Checked, Made, PlannedObject
from prodfirst.adapters.kubernetes.trying import not_yet, placed, try_one
from prodfirst.planning.checks import Verdict
from prodfirst.planning.steps import Operation
from prodfirst.providers.kubernetes.applying import Conflict, check_ours
from prodfirst.providers.kubernetes.client import ApiError, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster, UnknownKind
from prodfirst.providers.kubernetes.credentials import NoCredentials
from prodfirst.providers.kubernetes.objects import Data, Kind, kind_of, name_of, namespace_of

_NOT_TRIED = (
    "this identity may not `{verb}` it, not even in a dry run; apply tries it before its first change"
)
_UNREAD = "this identity may neither `{verb}` nor `get` it; apply tries it before its first change"


def look_at(cluster: Cluster, item: PlannedObject, made: Made, where: str) -> Checked:
    """One object; `where` is the namespace of one that names none."""
    inputs, hidden = plain(item.inputs)
    kind = kind_of(item.type, inputs)
    if (early := not_yet(item, kind, inputs, hidden, made)) is not None:
        return early
    try:
        inputs = placed(cluster, kind, inputs, where)
        verb = "patch" if item.upsert or item.operation is Operation.UPDATE else "create"
        name = name_of(inputs) if verb == "patch" else ""
        if cluster.may(verb, kind, namespace_of(inputs), name):
            return _softened(try_one(cluster, item, made, where))
        return _read(cluster, item, kind, inputs, verb)
    except UnknownKind as error:
        return Checked(item, Verdict.DEFERRED, str(error))
    except (ApiError, Unreachable, NoCredentials) as error:
        return Checked(item, Verdict.UNCHECKED, str(error))


def _softened(found: Checked) -> Checked:
    """What needs something that is not there yet may get it from another deployment of the plan."""
    missing = found.verdict is Verdict.REFUSED and found.gone
    return replace(found, verdict=Verdict.DEFERRED) if missing else found


def _read(cluster: Cluster, item: PlannedObject, kind: Kind, inputs: Data, verb: str) -> Checked:
    namespace, name = namespace_of(inputs), name_of(inputs)
    if not cluster.may("get", kind, namespace, name):
        return Checked(item, Verdict.UNCHECKED, _UNREAD.format(verb=verb), "its kind is served")
    live = cluster.find(kind, namespace, name)
    there = live is not None
    shown = f"{kind.kind} `{f'{namespace}/' if namespace else ''}{name}`"
    if there and item.operation is Operation.CREATE and not item.upsert:
        return Checked(item, Verdict.REFUSED, f"{shown} already exists", "read")
    if live is not None and item.doubt is not None and not item.upsert:
        try:
            check_ours(kind, live, item.doubt)
        except Conflict as error:
            return Checked(item, Verdict.REFUSED, str(error), "read")
    if not there and item.operation is Operation.UPDATE and item.doubt is None:
        return Checked(item, Verdict.REFUSED, f"{shown} is not there any more", "read")
    seen = "read: it is there" if there else "read: its name is free"
    return Checked(item, Verdict.READ, _NOT_TRIED.format(verb=verb), seen)
