"""The resource graph: what the program registered, joined with the checked inputs that the engine saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from prodfirst.adapters.pulumi.events import Event, Finished, Started, State
from prodfirst.adapters.pulumi.host import ProgramHost, Registration
from prodfirst.adapters.pulumi.stepping import ROOT_TYPE, positions_of
from prodfirst.resources.graph import Resource, ResourceGraph, Urn, urn_type


def graph_of(host: ProgramHost, events: Iterable[Event], root: Path) -> ResourceGraph:
    """All resources but the stack's own; default providers, which only the engine knows, are among them."""
    registrations = host.registrations
    states = _states(events)
    urns = sorted({*registrations, *states})
    resources = tuple(
        _resource(Urn(urn), registrations.get(urn), states.get(Urn(urn)), root)
        for urn in urns
        if urn_type(Urn(urn)) != ROOT_TYPE
    )
    return ResourceGraph(resources, tuple(sorted(host.invokes)), _incomplete(registrations))


def _states(events: Iterable[Event]) -> Mapping[Urn, State]:
    """The state after the run of each resource that exists then."""
    found: dict[Urn, State] = {}
    for event in events:
        if isinstance(event, (Started, Finished)) and event.step.new is not None:
            found[event.step.urn] = event.step.new
    return found


def _resource(urn: Urn, made: Registration | None, state: State | None, root: Path) -> Resource:
    parent = (made.parent if made else "") or (state.parent if state else "")
    dependencies = made.property_dependencies if made else {}
    return Resource(
        urn=urn,
        custom=made.custom if made else bool(state and state.custom),
        inputs=state.inputs if state else MappingProxyType({}),
        parent=Urn(parent) if parent and urn_type(Urn(parent)) != ROOT_TYPE else None,
        provider=state.provider if state else "",
        dependencies=frozenset(map(Urn, made.dependencies if made else ())),
        property_dependencies=MappingProxyType(
            {key: frozenset(map(Urn, urns)) for key, urns in dependencies.items() if urns}
        ),
        protect=bool(state and state.protect),
        source=positions_of(made, root) if made else (),
        in_apply=bool(made and made.in_apply),
    )


def _incomplete(registrations: Mapping[str, Registration]) -> tuple[str, ...]:
    return tuple(
        f"`{made.urn}` is made by a plugin, so what its children depend on is not known"
        for made in sorted(registrations.values(), key=lambda made: made.urn)
        if made.remote
    )
