"""Whether somebody is at a cluster's endpoint: one question that needs no credentials."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from urllib.parse import urlsplit

from prodfirst.adapters.kubernetes.destinations import known_access
from prodfirst.planning.checks import concerns_cluster
from prodfirst.planning.steps import Operation, Step
from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.kubeconfig import Access
from prodfirst.resources.graph import ResourceGraph, Urn
from prodfirst.resources.values import Value

_PROVIDER = "pulumi:providers:kubernetes"
_NOT_WELL = 500
_LOOPBACK = "127.0.0.1"
"""Where the local cloud's clusters listen (localcloud/kubernetes/cluster.py)."""

Providers = Iterable[tuple[Urn, Mapping[str, Value]]]
"""Inputs of the providers of the package `kubernetes` in a state."""


def silent_clusters(
    steps: Iterable[Step],
    graph: ResourceGraph,
    recorded: Providers,
    environment: Mapping[str, str],
    gone: Container[str] = (),
) -> Mapping[str, str]:
    """Clusters that steps change something in, and that give no answer: server → why.

    A refusal is an answer, an error of the server is none. What is deleted is in no graph, so for deletions
    all clusters that are `recorded` are asked, but for those that the user lets be away
    (`deleteUnreachable`) and those that are known to be `gone`. `environment` is the run's: a proxy stands
    there.
    """
    steps = tuple(filter(concerns_cluster, steps))
    changed = {step.urn for step in steps if step.operation is not Operation.DELETE}
    used = {Urn(item.provider.rpartition("::")[0]) for item in graph.resources if item.urn in changed}
    providers = [item.inputs for item in graph.resources if item.urn in used]
    if any(step.operation is Operation.DELETE for step in steps):
        providers += [inputs for _, inputs in recorded if not _may_be_away(inputs)]
    accesses = {
        access.server: access for inputs in providers if (access := known_access(inputs, environment))
    }
    asked = {server: _ask(access, environment) for server, access in accesses.items() if server not in gone}
    return {server: why for server, why in asked.items() if why}


def _may_be_away(inputs: Mapping[str, Value]) -> bool:
    return str(inputs.get("deleteUnreachable")).lower() == "true"


def gone_clusters(
    recorded: Providers, graph: ResourceGraph, there: Container[str], environment: Mapping[str, str]
) -> tuple[str, ...]:
    """Servers of a local cloud that a program has left for another one, and that are not there any more.

    `recorded` is what the state has, `graph` is what the program declares now, `there` are the endpoints of
    all clusters that the local cloud has, running or not. That one does not answer says nothing: only the
    local cloud knows whether a cluster is deleted. A server elsewhere is none of its clusters. Where
    `clusterIdentifier` says that it is the same cluster, it has only moved.
    """
    now = {item.urn: item.inputs for item in graph.resources if item.type == _PROVIDER}
    found = set[str]()
    for urn, inputs in recorded:
        old, new = known_access(inputs, environment), known_access(now.get(urn, {}), environment)
        if old is None or new is None or old.server == new.server or _is_same(inputs, now[urn]):
            continue
        if urlsplit(old.server).hostname == _LOOPBACK and old.server not in there:
            found.add(old.server)
    return tuple(sorted(found))


def _is_same(old: Mapping[str, Value], new: Mapping[str, Value]) -> bool:
    named = old.get("clusterIdentifier")
    return isinstance(named, str) and named != "" and named == new.get("clusterIdentifier")


def _ask(access: Access, environment: Mapping[str, str]) -> str:
    """Why nobody answers, whoever may ask; empty where somebody does."""
    nobody = Access(
        access.server, ca=access.ca, insecure=access.insecure, tls_name=access.tls_name, proxy=access.proxy
    )
    try:
        Client(nobody, environment).request("GET", "/version")
    except ApiError as error:
        return f"the API server {access.server} is not well: {error}" if error.code >= _NOT_WELL else ""
    except Unreachable as error:
        return str(error)
    return ""
