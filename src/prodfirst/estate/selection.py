"""Which stacks a command works on, in the order of their application, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from prodfirst.estate.definition import Environment, EnvironmentName, Estate, Stack, StackName
from prodfirst.estate.explaining import nearest
from prodfirst.kernel.errors import InvalidInput, Problem


@dataclass(frozen=True, slots=True)
class Selected:
    """One stack, and why it was selected."""

    stack: Stack
    reason: str


def select(estate: Estate, names: Iterable[str]) -> tuple[Selected, ...]:
    """The named stacks, or all where none is named; upstream first, then by layer and name."""
    wanted = list(names)
    if unknown := [name for name in wanted if name not in estate.stacks]:
        raise InvalidInput(*(_no_such("stack", name, estate.stacks) for name in unknown))
    reason = "named" if wanted else "all stacks"
    return tuple(
        Selected(estate.stacks[name], reason) for name in in_order(estate) if not wanted or name in wanted
    )


def in_order(estate: Estate) -> tuple[StackName, ...]:
    """All stacks, each after what it reads; otherwise by layer, then by name."""
    sorter = TopologicalSorter({name: estate.reads_of(name) for name in estate.stacks})
    sorter.prepare()
    order: list[StackName] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda name: (estate.stacks[name].layer.height, name))
        order.extend(ready)
        sorter.done(*ready)
    return tuple(order)


def environment(estate: Estate, name: str | None) -> Environment:
    """The named environment, or the only one."""
    if name is None:
        if len(estate.environments) == 1:
            return next(iter(estate.environments.values()))
        known = ", ".join(f"`{item}`" for item in estate.environments)
        raise InvalidInput(
            Problem(f"the estate has several environments: {known}", fix="name one with `--env ENVIRONMENT`")
        )
    if name not in estate.environments:
        raise InvalidInput(_no_such("environment", name, estate.environments))
    return estate.environments[EnvironmentName(name)]


def _no_such(kind: str, name: str, known: Iterable[str]) -> Problem:
    return Problem(f"no {kind} `{name}`", fix=nearest(name, known))
