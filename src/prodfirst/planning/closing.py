"""The closing step of a deployment: what is left to do when the deployments that depend on it are done.

Identity grants first and revokes last (DESIGN.md section 5), so its plan has two halves. The second cannot be
previewed before the first is carried out; what it does follows from what the program declares in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from prodfirst.planning.plan import DeploymentPlan
from prodfirst.planning.steps import Change, Operation, Step, in_order
from prodfirst.resources.graph import Urn


def closing_steps(first: Iterable[Step], exact: Iterable[Step]) -> tuple[Step, ...]:
    """From what stands after `first` (that which goes is kept) to what `exact` (nothing is kept) leaves.

    Both are previews of one state.
    """
    return in_order(tuple(_between(_standing(first), _standing(exact))))


def is_revoking(steps: Iterable[Step]) -> bool:
    """Whether something is taken away or changed: additions alone revoke nothing."""
    additions = (Operation.SAME, Operation.CREATE, Operation.READ)
    return any(step.operation not in additions for step in steps)


def last_steps(plan: DeploymentPlan) -> tuple[Step, ...]:
    """All that may happen at the end: what the plan says, and the old halves of its replacements."""
    halves = (step for step in plan.steps if step.operation is Operation.REPLACE)
    return (*plan.closing, *(replace(step, operation=Operation.DELETE) for step in halves))


def _standing(steps: Iterable[Step]) -> Mapping[Urn, Step]:
    return {step.urn: step for step in steps if step.operation is not Operation.DELETE}


def _between(before: Mapping[Urn, Step], after: Mapping[Urn, Step]) -> Iterator[Step]:
    for urn, step in before.items():
        if urn not in after:
            yield Step(Operation.DELETE, urn, step.inputs, protect=step.protect)
        elif changes := tuple(_changes(step, after[urn])):
            yield replace(after[urn], operation=Operation.UPDATE, changes=changes)
    for urn in after.keys() - before.keys():
        yield after[urn]


def _changes(before: Step, after: Step) -> Iterator[Change]:
    for key in sorted({*before.inputs, *after.inputs}):
        old, new = before.inputs.get(key), after.inputs.get(key)
        if old != new:
            yield Change(key, old, new)
