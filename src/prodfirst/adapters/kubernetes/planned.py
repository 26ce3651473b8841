"""Which objects of a preview go to which cluster, and how that one is reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prodfirst.adapters.kubernetes.preflight import Checked, PlannedObject, Preflight, Verdict, preflight
from prodfirst.adapters.pulumi.programhost.unknowns import LATER
from prodfirst.planning.steps import Operation, Step
from prodfirst.providers.kubernetes.ownership import CREATOR
from prodfirst.providers.kubernetes.state import MANAGER
from prodfirst.resources.graph import ResourceGraph, Urn
from prodfirst.resources.values import Value

_CHANGES = frozenset({Operation.CREATE, Operation.UPDATE, Operation.REPLACE})
"""What a program no longer declares has no provider in the graph: a deletion is not tried."""
_KIND = "kubernetes:"
_HIDDEN = "its cluster is not known here: the provider's `kubeconfig` is secret, unknown or not given"


@dataclass(frozen=True, slots=True)
class Destination:
    """One provider instance."""

    kubeconfig: str
    context: str
    namespace: str


def check_planned(
    steps: Iterable[Step],
    graph: ResourceGraph,
    managers: Mapping[Urn, str],
    environment: Mapping[str, str],
) -> Preflight:
    """A dry run of every Kubernetes object that the steps make or change, on its own cluster.

    `managers` are the recorded field managers, `environment` is what kubeconfig commands run with: the
    credentials that shall be tried. Raises Failure where a cluster cannot be asked.
    """
    answers: list[Checked] = []
    for where, objects in _by_destination(steps, graph, managers).items():
        if where is None:
            answers += [Checked(item, Verdict.UNCHECKED, _HIDDEN) for item in objects]
        else:
            found = preflight(where.kubeconfig, objects, where.namespace, where.context, environment)
            answers += found.answers
    return Preflight(tuple(answers))


def field_managers(recorded: Mapping[Urn, Mapping[str, Value]]) -> Mapping[Urn, str]:
    """From recorded outputs."""
    return {urn: str(outputs[MANAGER]) for urn, outputs in recorded.items() if MANAGER in outputs}


def _by_destination(
    steps: Iterable[Step], graph: ResourceGraph, managers: Mapping[Urn, str]
) -> Mapping[Destination | None, list[PlannedObject]]:
    resources = {item.urn: item for item in graph.resources}
    found: dict[Destination | None, list[PlannedObject]] = {}
    for step in steps:
        if not step.type.startswith(_KIND) or step.operation not in _CHANGES:
            continue
        resource = resources.get(step.urn)
        provider = resources.get(Urn(resource.provider.rpartition("::")[0])) if resource else None
        manager = managers.get(step.urn, CREATOR)
        planned = PlannedObject(step.urn, step.type, step.operation, step.inputs, manager)
        found.setdefault(_destination(provider.inputs if provider else {}), []).append(planned)
    return found


def _destination(inputs: Mapping[str, Value]) -> Destination | None:
    kubeconfig = inputs.get("kubeconfig")
    if not isinstance(kubeconfig, str) or kubeconfig == LATER:
        return None
    return Destination(kubeconfig, _text(inputs, "context"), _text(inputs, "namespace"))


def _text(inputs: Mapping[str, Value], key: str) -> str:
    value = inputs.get(key)
    return value if isinstance(value, str) else ""
