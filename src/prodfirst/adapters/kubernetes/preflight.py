"""All refusals of a cluster at once, before the first change: a dry run of every object of a plan.

A dry run goes through authentication, authorization and admission, and stores nothing: it finds what Pod
Security, quotas, RBAC's escalation rule, webhooks, field validation and other managers refuse. Whoever may
dry-run may write, so it runs under the apply identity; a plan identity looks (`looking.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from prodfirst.adapters.kubernetes.destinations import Destination
from prodfirst.adapters.kubernetes.looking import look_at
from prodfirst.adapters.kubernetes.planned_objects import Checked, Made, PlannedObject, Preflight
from prodfirst.adapters.kubernetes.trying import try_one
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.planning.checks import Verdict
from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster
from prodfirst.providers.kubernetes.credentials import NoCredentials
from prodfirst.providers.kubernetes.kubeconfig import Access, InvalidKubeconfig

_AT_ONCE = 8
_UNASKED = (InvalidKubeconfig, Unreachable, NoCredentials, ApiError)


def preflight(
    where: Destination, objects: Sequence[PlannedObject], environment: Mapping[str, str]
) -> Preflight:
    """Check all under the credentials of a kubeconfig. Changes nothing.

    `environment` is what a command of the kubeconfig runs with. Raises Failure where the cluster cannot be
    asked, or answers no more before the last object is tried: nothing that was not tried may begin.
    """
    try:
        cluster, access = _opened(where, environment)
        act = partial(try_one, cluster, made=Made.of(objects), where=where.namespace or access.namespace)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return Preflight(tuple(pool.map(act, objects)))
    except _UNASKED as error:
        what = "not every Kubernetes object of the plan can be checked, and nothing is begun"
        raise Failure(
            Problem(what, why=str(error), fix="make the cluster answer this identity, then apply again")
        ) from error


def look(where: Destination, objects: Sequence[PlannedObject], environment: Mapping[str, str]) -> Preflight:
    """The same under an identity that may only read; a cluster that cannot be asked is an answer too."""
    try:
        cluster, access = _opened(where, environment)
    except _UNASKED as error:
        return Preflight(tuple(_unasked(item, error) for item in objects))
    act = partial(_look_at, cluster, made=Made.of(objects), where=where.namespace or access.namespace)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return Preflight(tuple(pool.map(act, objects)))


def _look_at(cluster: Cluster, item: PlannedObject, made: Made, where: str) -> Checked:
    try:
        return look_at(cluster, item, made, where)
    except _UNASKED as error:
        return _unasked(item, error)


def _unasked(item: PlannedObject, error: Exception) -> Checked:
    return Checked(item, Verdict.UNCHECKED, f"the cluster cannot be asked: {error}")


def _opened(where: Destination, environment: Mapping[str, str]) -> tuple[Cluster, Access]:
    access = where.access(environment)
    cluster = Cluster(Client(access, environment))
    cluster.client.request("GET", "/version")
    return cluster, access
