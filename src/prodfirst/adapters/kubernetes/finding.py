"""Finds in a cluster what a create has made whose answer never came: by its name, creator and age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from prodfirst.adapters.kubernetes.destinations import Destination, destination_of
from prodfirst.adapters.kubernetes.plain import plain
from prodfirst.adapters.kubernetes.trying import placed
from prodfirst.planning.interrupted import Finder, Found, Wanted
from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster, UnknownKind
from prodfirst.providers.kubernetes.credentials import NoCredentials
from prodfirst.providers.kubernetes.kubeconfig import InvalidKubeconfig
from prodfirst.providers.kubernetes.losing import Doubt, is_from, stamp
from prodfirst.providers.kubernetes.objects import (
    Data,
    is_patch,
    kind_of,
    metadata,
    name_of,
    namespace_of,
    object_id,
)
from prodfirst.providers.kubernetes.ownership import CREATOR
from prodfirst.resources.graph import urn_type
from prodfirst.resources.values import SECRET, UNKNOWN, holds

PACKAGE = "kubernetes:"
"""How the types begin that it knows."""


def finder(environment: Mapping[str, str], since: datetime | None) -> Finder:
    """A finder that asks with the credentials of each kubeconfig, whose command runs in `environment`.

    `since` is when the run that was cut off began, if that is known. What is older, or has another creator,
    was not made by it; nor has what lacks the labels and annotations that were asked for. A request of a
    process that was killed ends with its connection, so what is not there is taken for never made.
    """
    clusters: dict[Destination, Cluster] = {}

    def find(wanted: Wanted) -> Found:
        type_ = urn_type(wanted.urn)
        where = destination_of(wanted.provider)
        if isinstance(where, str):
            return Found(undecided=where)
        if is_patch(type_) or wanted.provider.get("upsertExistingObjects") not in (None, False, "false"):
            return Found(undecided="it may be older than the run, which would have changed it")
        described = wanted.inputs.get("metadata", {})
        inputs, _ = plain(wanted.inputs)
        if not name_of(inputs) or holds(described, SECRET) or holds(described, UNKNOWN):
            return Found(undecided="its name is not on record")
        kind = kind_of(type_, inputs)
        try:
            access = where.access(environment)
            cluster = clusters.get(where) or Cluster(Client(access, environment))
            clusters[where] = cluster
            inputs = placed(cluster, kind, inputs, where.namespace or access.namespace)
            live = cluster.find(kind, namespace_of(inputs), name_of(inputs))
        except UnknownKind:
            return Found()
        except (ApiError, InvalidKubeconfig, NoCredentials, Unreachable) as error:
            return Found(undecided=str(error))
        if live is None:
            return Found()
        if since is None:
            return Found(undecided="it is there, and when the run that was cut off began is not on record")
        fast = cluster.client.now() - datetime.now(UTC)  # the age of an object is by the server's clock
        doubt = Doubt(stamp(since.astimezone(UTC) + fast), CREATOR)
        return Found((object_id(inputs),) if is_from(live, doubt) and _has_marks(live, inputs) else ())

    return find


def _has_marks(live: Data, inputs: Data) -> bool:
    """Whether a live object has the labels and annotations that were asked for."""
    return all(
        set((metadata(inputs).get(key) or {}).items()) <= set((metadata(live).get(key) or {}).items())
        for key in ("labels", "annotations")
    )
