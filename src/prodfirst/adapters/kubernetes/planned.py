"""Which objects of a preview go to which cluster, and how that one is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prodfirst.adapters.kubernetes.planned_objects import Checked, PlannedObject, Preflight
from prodfirst.adapters.kubernetes.preflight import look, preflight
from prodfirst.adapters.pulumi.programhost.unknowns import LATER
from prodfirst.planning.checks import Verdict, concerns_cluster
from prodfirst.planning.steps import Operation, Step
from prodfirst.providers.kubernetes.ownership import CREATOR
from prodfirst.providers.kubernetes.state import MANAGER, is_uncertain
from prodfirst.resources.graph import ResourceGraph, Urn
from prodfirst.resources.values import SECRET, UNKNOWN, Value

_AFTER_APPLY = "its cluster is known only after apply"
_HIDDEN = "the `kubeconfig` of its provider is secret, and a plan holds no secret"
_NOT_GIVEN = "its provider is given no `kubeconfig`: which cluster it is depends on who runs it"
_DELETION = "a deletion is not tried: what a program does not declare any more has no provider in it"
_Ask = Callable[..., Preflight]


@dataclass(frozen=True, slots=True)
class Destination:
    """One provider instance."""

    kubeconfig: str
    context: str
    namespace: str


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
            found = ask(where.kubeconfig, objects, where.namespace, where.context, environment)
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
        where = _DELETION if step.operation is Operation.DELETE else _destination(given)
        found.setdefault(where, []).append(_planned(step, given, recorded.get(step.urn, {})))
    return found


def _planned(step: Step, provider: Mapping[str, Value], outputs: Mapping[str, Value]) -> PlannedObject:
    return PlannedObject(
        step.urn,
        step.type,
        step.operation,
        step.inputs,
        str(outputs.get(MANAGER, CREATOR)),
        str(provider.get("upsertExistingObjects")).lower() == "true",
        is_uncertain(outputs),
    )


def _destination(inputs: Mapping[str, Value]) -> Destination | str:
    kubeconfig = inputs.get("kubeconfig")
    if kubeconfig is UNKNOWN or kubeconfig == LATER:
        return _AFTER_APPLY
    if not isinstance(kubeconfig, str):
        return _HIDDEN if kubeconfig is SECRET else _NOT_GIVEN
    return Destination(kubeconfig, _text(inputs, "context"), _text(inputs, "namespace"))


def _text(inputs: Mapping[str, Value], key: str) -> str:
    value = inputs.get(key)
    return value if isinstance(value, str) else ""
