"""All refusals of a cluster at once, before the first change: a dry run of every object of a plan.

A dry run goes through authentication, authorization and admission, and stores nothing: it finds what Pod
Security, quotas, RBAC's escalation rule, webhooks, field validation and other managers refuse. Whoever may
dry-run may write, so it runs under the apply identity; a plan identity looks (`looking.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from prodfirst.adapters.kubernetes.looking import look_at
from prodfirst.adapters.kubernetes.planned_objects import Checked, Made, PlannedObject, Preflight
from prodfirst.adapters.kubernetes.trying import try_one
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.planning.checks import Verdict
from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster
from prodfirst.providers.kubernetes.credentials import NoCredentials
from prodfirst.providers.kubernetes.kubeconfig import Access, InvalidKubeconfig, access_of

_AT_ONCE = 8
_UNASKED = (InvalidKubeconfig, Unreachable, NoCredentials, ApiError)


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
        cluster, access = _opened(kubeconfig, context, environment)
    except _UNASKED as error:
        what = "no Kubernetes object of the plan can be checked"
        raise Failure(
            Problem(what, why=str(error), fix="make the cluster reachable, then apply again")
        ) from error
    act = partial(try_one, cluster, made=Made.of(objects), where=namespace or access.namespace)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return Preflight(tuple(pool.map(act, objects)))


def look(
    kubeconfig: str,
    objects: Sequence[PlannedObject],
    namespace: str = "",
    context: str = "",
    environment: Mapping[str, str] | None = None,
) -> Preflight:
    """The same under an identity that may only read; a cluster that cannot be asked is an answer too."""
    try:
        cluster, access = _opened(kubeconfig, context, environment)
    except _UNASKED as error:
        why = f"the cluster cannot be asked: {error}"
        return Preflight(tuple(Checked(item, Verdict.UNCHECKED, why) for item in objects))
    act = partial(look_at, cluster, made=Made.of(objects), where=namespace or access.namespace)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return Preflight(tuple(pool.map(act, objects)))


def _opened(kubeconfig: str, context: str, environment: Mapping[str, str] | None) -> tuple[Cluster, Access]:
    access = access_of(kubeconfig, context)
    cluster = Cluster(Client(access, environment))
    cluster.client.request("GET", "/version")
    return cluster, access
