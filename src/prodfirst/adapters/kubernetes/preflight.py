"""All refusals of a cluster at once, before the first change: a dry run of every object of a plan.

A dry run goes through authentication, authorization and admission, and stores nothing: it finds what Pod
Security, quotas, RBAC's escalation rule, webhooks, field validation and other managers refuse. Whoever may
dry-run may write, so it runs under the apply identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from prodfirst.adapters.kubernetes.plain import plain
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.planning.steps import Operation
from prodfirst.providers.kubernetes import applying
from prodfirst.providers.kubernetes.applying import Change, Conflict
from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster, UnknownKind, namespaced_without_server
from prodfirst.providers.kubernetes.credentials import NoCredentials
from prodfirst.providers.kubernetes.kubeconfig import InvalidKubeconfig, access_of
from prodfirst.providers.kubernetes.objects import (
    Data,
    Kind,
    is_patch,
    kind_of,
    metadata,
    name_of,
    namespace_of,
)
from prodfirst.providers.kubernetes.ownership import CREATOR
from prodfirst.resources.graph import Urn, urn_name
from prodfirst.resources.values import Value

_AT_ONCE = 8
_LONGEST_NAME = 63
_SUFFIX = "-preflight"


class Verdict(StrEnum):
    """What became of one object's check."""

    PASSED = "passed"
    REFUSED = "refused"
    DEFERRED = "deferred"
    """It lies in a namespace, or is of a kind, that the same apply makes: check it when that exists."""
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One step of a plan on one Kubernetes object."""

    urn: Urn
    type: str
    """Pulumi's, such as `kubernetes:apps/v1:Deployment`."""
    operation: Operation
    inputs: Mapping[str, Value]
    """Checked inputs, with names and defaults; unknown and secret values as marks."""
    manager: str = CREATOR
    """The field manager on record (`__fieldManager`), for updates."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One answer."""

    object: PlannedObject
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preflight:
    """All answers, in the plan's order."""

    answers: tuple[Checked, ...]

    def of(self, verdict: Verdict) -> tuple[Checked, ...]:
        """Those with this verdict."""
        return tuple(answer for answer in self.answers if answer.verdict is verdict)

    def problems(self) -> tuple[Problem, ...]:
        """All refusals, one problem each."""
        return tuple(
            Problem(
                what=f"the cluster refuses `{urn_name(answer.object.urn)}` ({answer.object.type})",
                where=answer.object.urn,
                why=answer.why,
            )
            for answer in self.of(Verdict.REFUSED)
        )


def preflight(
    kubeconfig: str,
    objects: Sequence[PlannedObject],
    namespace: str = "",
    context: str = "",
    environment: Mapping[str, str] | None = None,
) -> Preflight:
    """Check all under the credentials of `kubeconfig` (contents or path). Changes nothing.

    `namespace` is where objects go that name none; `environment` is what a command of the kubeconfig runs
    with (ours, unless given). Raises Failure where the cluster cannot be asked at all.
    """
    try:
        access = access_of(kubeconfig, context)
        cluster = Cluster(Client(access, environment))
        cluster.client.request("GET", "/version")
    except (InvalidKubeconfig, Unreachable, NoCredentials, ApiError) as error:
        what = "no Kubernetes object of the plan can be checked"
        raise Failure(
            Problem(what, why=str(error), fix="make the cluster reachable, then apply again")
        ) from error
    made = _Made.of(objects)
    where = namespace or access.namespace
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = tuple(pool.map(lambda item: _checked(cluster, item, made, where), objects))
    return Preflight(answers)


@dataclass(frozen=True, slots=True)
class _Made:
    """What the plan itself makes."""

    namespaces: frozenset[str]
    kinds: frozenset[tuple[str, str]]
    """Group and kind."""
    names: frozenset[str]

    @staticmethod
    def of(objects: Sequence[PlannedObject]) -> _Made:
        new = [item for item in objects if item.operation in (Operation.CREATE, Operation.REPLACE)]
        inputs = [plain(item.inputs)[0] for item in new]
        kinds = {_defined(item) for item in inputs if item.get("kind") == "CustomResourceDefinition"}
        return _Made(
            frozenset(name_of(item) for item in inputs if item.get("kind") == "Namespace"),
            frozenset(kind for kind in kinds if kind is not None),
            frozenset(name_of(item) for item in inputs),
        )


def _defined(definition: Data) -> tuple[str, str] | None:
    spec = definition.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(names, dict):
        return None
    return str(spec.get("group")), str(names.get("kind"))


def _checked(cluster: Cluster, item: PlannedObject, made: _Made, where: str) -> Checked:
    inputs, hidden = plain(item.inputs)
    kind = kind_of(item.type, inputs)
    if hidden.unknown:
        paths = ", ".join(f"`{path}`" for path in hidden.unknown)
        return Checked(item, Verdict.UNCHECKED, f"known only after apply: {paths}")
    if (missing := _waits_for(kind, inputs, made)) is not None:
        return Checked(item, Verdict.DEFERRED, missing)
    try:
        _ask(cluster, item, kind, _placed(cluster, kind, inputs, where))
    except (ApiError, Conflict, UnknownKind) as error:
        return _refusal(item, made, error)
    except (Unreachable, NoCredentials) as error:
        return Checked(item, Verdict.UNCHECKED, str(error))
    return Checked(item, Verdict.PASSED, "with placeholders for its secrets" if hidden.secret else "")


def _waits_for(kind: Kind, inputs: Data, made: _Made) -> str | None:
    if namespace_of(inputs) in made.namespaces:
        return f"its namespace `{namespace_of(inputs)}` is made by the same apply"
    if (kind.group, kind.kind) in made.kinds:
        return f"its kind `{kind.kind}` is defined by the same apply"
    return None


def _placed(cluster: Cluster, kind: Kind, inputs: Data, where: str) -> Data:
    """With a namespace where the kind has one."""
    given = metadata(inputs)
    namespaced = namespaced_without_server(kind) if kind.built_in else cluster.collection(kind).namespaced
    return (
        {**inputs, "metadata": {**given, "namespace": given.get("namespace") or where}}
        if namespaced
        else inputs
    )


def _ask(cluster: Cluster, item: PlannedObject, kind: Kind, inputs: Data) -> None:
    """The dry run of one step."""
    force = applying.forced(inputs, everywhere=False)
    change = Change(cluster, kind, inputs, item.manager, dry_run=True, force=force, strict=True)
    name = name_of(inputs)
    match item.operation:
        case Operation.CREATE:
            applying.create(change, upsert=is_patch(item.type))
        case Operation.REPLACE:
            applying.create(_beside(change), upsert=is_patch(item.type))
        case Operation.UPDATE:
            applying.update(change, name, {}, patch=is_patch(item.type))
        case Operation.DELETE:
            cluster.delete(kind, namespace_of(inputs), name, "Foreground", {"dryRun": "All"})
        case _:
            cluster.find(kind, namespace_of(inputs), name)


def _beside(change: Change) -> Change:
    """The old object is still there: its successor is tried under another name."""
    given = metadata(change.inputs)
    name = f"{name_of(change.inputs)[: _LONGEST_NAME - len(_SUFFIX)]}{_SUFFIX}"
    inputs = {**change.inputs, "metadata": {**given, "name": name}}
    return Change(change.cluster, change.kind, inputs, change.manager, True, change.force, True)


def _refusal(item: PlannedObject, made: _Made, error: ApiError | Conflict | UnknownKind) -> Checked:
    if isinstance(error, ApiError) and error.gone:
        if item.operation is Operation.DELETE:
            return Checked(item, Verdict.PASSED, "it is gone already")
        if error.details.get("name") in made.names:
            return Checked(item, Verdict.DEFERRED, f"the same apply makes what it needs: {error}")
    return Checked(item, Verdict.REFUSED, str(error))
