"""Which objects of a preview go to which cluster, and how that one is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from prodfirst.adapters.kubernetes.destinations import Destination, destination_of
from prodfirst.adapters.kubernetes.planned_objects import Checked, PlannedObject, Preflight
from prodfirst.adapters.kubernetes.preflight import look, preflight
from prodfirst.planning.checks import Verdict, concerns_cluster
from prodfirst.planning.steps import Operation, Step
from prodfirst.providers.kubernetes.ownership import CREATOR
from prodfirst.providers.kubernetes.state import MANAGER, doubt_of
from prodfirst.resources.graph import ResourceGraph, Urn
from prodfirst.resources.values import Value

_DELETION = "a deletion is not tried: what a program does not declare any more has no provider in it"
_Ask = Callable[..., Preflight]


def check_planned(
    steps: Iterable[Step],
    graph: ResourceGraph,
    recorded: Mapping[Urn, Mapping[str, Value]],
    environment: Mapping[str, str],
) -> Preflight:
    """A dry run of every Kubernetes object that the steps make or change, on its own cluster.

    `recorded` are the outputs in the state, `environment` is what kubeconfig commands run with: the
    credentials that shall be tried. Raises Failure where a cluster cannot be asked.
    """
    return _asked(preflight, steps, graph, recorded, environment)


def look_at_planned(
    steps: Iterable[Step],
    graph: ResourceGraph,
    recorded: Mapping[Urn, Mapping[str, Value]],
    environment: Mapping[str, str],
) -> Preflight:
    """The same for a plan: what this identity may not try it reads; a cluster that is away is told so."""
    return _asked(look, steps, graph, recorded, environment)


def _asked(
    ask: _Ask,
    steps: Iterable[Step],
    graph: ResourceGraph,
    recorded: Mapping[Urn, Mapping[str, Value]],
    environment: Mapping[str, str],
) -> Preflight:
    steps = tuple(steps)
    answers: list[Checked] = []
    for where, objects in _by_destination(steps, graph, recorded).items():
        if isinstance(where, str):
            answers += [Checked(item, Verdict.UNCHECKED, where) for item in objects]
        else:
            found = ask(where, objects, environment)
            answers += found.answers
    order = {step.urn: number for number, step in enumerate(steps)}
    return Preflight(tuple(sorted(answers, key=lambda answer: order[answer.object.urn])))


def _by_destination(
    steps: Iterable[Step], graph: ResourceGraph, recorded: Mapping[Urn, Mapping[str, Value]]
) -> Mapping[Destination | str, list[PlannedObject]]:
    """By where the objects go, or by the reason why that is not known."""
    resources = {item.urn: item for item in graph.resources}
    found: dict[Destination | str, list[PlannedObject]] = {}
    for step in filter(concerns_cluster, steps):
        resource = resources.get(step.urn)
        provider = resources.get(Urn(resource.provider.rpartition("::")[0])) if resource else None
        given = provider.inputs if provider else {}
        where = _DELETION if step.operation is Operation.DELETE else destination_of(given)
        found.setdefault(where, []).append(_planned(step, given, recorded.get(step.urn, {})))
    return found


def _planned(step: Step, provider: Mapping[str, Value], outputs: Mapping[str, Value]) -> PlannedObject:
    item = PlannedObject(
        step.urn,
        step.type,
        step.operation,
        step.inputs,
        str(outputs.get(MANAGER, CREATOR)),
        str(provider.get("upsertExistingObjects")).lower() == "true",
    )
    return replace(item, doubt=doubt_of(outputs, item.upsert))
