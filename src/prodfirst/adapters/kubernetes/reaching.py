"""Whether somebody is at a cluster's endpoint: one question that needs no credentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prodfirst.adapters.pulumi.programhost.unknowns import LATER
from prodfirst.planning.steps import Operation, Step
from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.kubeconfig import Access, InvalidKubeconfig, access_of
from prodfirst.resources.graph import ResourceGraph, Urn
from prodfirst.resources.values import Value

_PROVIDER = "pulumi:providers:kubernetes"
_CHANGES = frozenset({Operation.CREATE, Operation.UPDATE, Operation.REPLACE})


def silent_clusters(
    steps: Iterable[Step], graph: ResourceGraph, environment: Mapping[str, str]
) -> Mapping[str, str]:
    """Clusters that steps make or change something in, and that give no answer: server → why.

    A refusal is an answer. `environment` is the run's: a proxy stands there.
    """
    changed = {step.urn for step in steps if step.operation in _CHANGES}
    used = {
        Urn(item.provider.rpartition("::")[0])
        for item in graph.resources
        if item.urn in changed and item.type.startswith("kubernetes:")
    }
    providers = (item for item in graph.resources if item.urn in used)
    accesses = {access.server: access for item in providers if (access := _access(item.inputs))}
    asked = {server: _ask(access, environment) for server, access in accesses.items()}
    return {server: str(error) for server, error in asked.items() if error}


def gone_clusters(
    recorded: tuple[tuple[Urn, Mapping[str, Value]], ...],
    graph: ResourceGraph,
    environment: Mapping[str, str],
) -> Mapping[str, str]:
    """Clusters that a program has left for another one, and that are not there any more: server → why.

    `recorded` are the inputs of its providers in the state, `graph` is what it declares now. A server that is
    only silent is not taken for gone: refused, unknown by its name, or somebody else's certificate.
    """
    now = {item.urn: _access(item.inputs) for item in graph.resources if item.type == _PROVIDER}
    found: dict[str, str] = {}
    for urn, inputs in recorded:
        old, new = _access(inputs), now.get(urn)
        if old is None or new is None or (old.server, old.ca) == (new.server, new.ca):
            continue
        away = _ask(old, environment)
        if away is not None and not away.silent:
            found[old.server] = str(away)
    return found


def _ask(access: Access, environment: Mapping[str, str]) -> Unreachable | None:
    """Why nobody answers, whoever may ask."""
    nobody = Access(
        access.server, ca=access.ca, insecure=access.insecure, tls_name=access.tls_name, proxy=access.proxy
    )
    try:
        Client(nobody, environment).request("GET", "/version")
    except ApiError:
        return None
    except Unreachable as error:
        return error
    return None


def _access(inputs: Mapping[str, Value]) -> Access | None:
    """None where the state or the graph does not say which cluster it is."""
    kubeconfig, context = inputs.get("kubeconfig"), inputs.get("context")
    if not isinstance(kubeconfig, str) or kubeconfig in ("", LATER):
        return None
    try:
        return access_of(kubeconfig, context if isinstance(context, str) else "")
    except InvalidKubeconfig:
        return None
