"""Admission: is a fresh plan within the approved one?

The rule (DESIGN.md section 3): every operation is one that the approved plan allows for that resource
(`same` is within `update`, `update` within `replace`), every value that was known or planned is equal, and
every value that was unknown is now listed. Anything more stops the deployment and asks for a new plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.plan import DeploymentPlan, SuffixFilter
from prodfirst.planning.steps import Operation, Step
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import UNKNOWN, to_json

_WITHIN: Mapping[Operation, frozenset[Operation]] = {
    Operation.SAME: frozenset({Operation.SAME, Operation.READ}),
    Operation.UPDATE: frozenset({Operation.SAME, Operation.UPDATE}),
    Operation.REPLACE: frozenset({Operation.SAME, Operation.UPDATE, Operation.REPLACE}),
    Operation.CREATE: frozenset({Operation.CREATE}),
    Operation.DELETE: frozenset({Operation.DELETE}),
    Operation.READ: frozenset({Operation.READ, Operation.SAME}),
    Operation.IMPORT: frozenset({Operation.IMPORT}),
}
"""What each approved operation allows."""

_LEFT: Mapping[Operation, frozenset[Operation]] = {
    Operation.CREATE: frozenset({Operation.SAME, Operation.UPDATE}),
    Operation.REPLACE: frozenset({Operation.CREATE, Operation.DELETE}),
}
"""What may be left of an approved operation that was cut off: settings of what was made; of a replacement,
its second half."""

_UNKNOWN = to_json(UNKNOWN)
_NEXT = "run `prodfirst plan` again and have the new plan approved"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A value that was unknown when the plan was approved, and is known now."""

    of: str
    """The URN of a resource, or `STACK.FIELD` of a contract."""
    path: str
    value: Any
    """JSON data, masked where secret."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer: no refusals means admitted."""

    refusals: tuple[Finding, ...]
    resolved: tuple[Resolved, ...]


def admit(
    approved: DeploymentPlan, fresh: DeploymentPlan, *, done: frozenset[Urn] = frozenset()
) -> Admission:
    """Compare a fresh plan with the approved one.

    `done` holds the resources that an interrupted apply of the same plan may have made already: there a step
    may be missing, and what is left of it may be less than was approved.
    """
    outcomes = [*_bindings(approved, fresh), *_reads(approved, fresh), *_steps(approved, fresh, done)]
    return Admission(
        tuple(outcome for outcome in outcomes if isinstance(outcome, Finding)),
        tuple(outcome for outcome in outcomes if isinstance(outcome, Resolved)),
    )


def _bindings(approved: DeploymentPlan, fresh: DeploymentPlan) -> Iterator[Finding]:
    for label, old, new in (
        ("program", approved.program, fresh.program),
        ("configuration", approved.configuration, fresh.configuration),
    ):
        if old != new:
            yield Finding(
                f"plan-{label}-changed",
                Severity.MANDATORY,
                f"the {label} of `{approved.name}` is not the one that was planned",
                approved.name,
                "an approval holds for exactly what was reviewed",
                _NEXT,
            )


def _reads(approved: DeploymentPlan, fresh: DeploymentPlan) -> Iterator[Finding | Resolved]:
    """What was read of contracts: equal where it was known or planned, listed where it was unknown."""
    before = {(read.stack, read.field): to_json(read.value) for read in approved.reads}
    for read in fresh.reads:
        name = f"{read.stack}.{read.field}"
        old = before.get((read.stack, read.field), _UNKNOWN)
        for path, left, right in _differences("", old, to_json(read.value)):
            if left == _UNKNOWN:
                yield Resolved(name, path, right)
            else:
                yield Finding(
                    "plan-contract",
                    Severity.MANDATORY,
                    f"`{name}` is not what it was when the plan of `{approved.name}` was approved",
                    approved.name,
                    f"it was {json.dumps(left)}, and is {json.dumps(right)}"
                    + (f" at `{path}`" if path else ""),
                    _NEXT,
                )


def _steps(
    approved: DeploymentPlan, fresh: DeploymentPlan, done: frozenset[Urn]
) -> Iterator[Finding | Resolved]:
    allowed = _by_urn(approved.steps)
    old_names, new_names = SuffixFilter(approved.steps), SuffixFilter(fresh.steps, done)
    for step in fresh.changes:
        candidates = allowed.get(step.urn, ())
        if not candidates and _is_default_provider(step):
            continue
        match = next((old for old in candidates if _allows(old, step, done)), None)
        if match is None:
            yield _not_allowed(approved, step, candidates)
        elif step.operation is not Operation.DELETE:
            for path, old, new in _differences("", old_names(match.inputs), new_names(step.inputs)):
                # without its configuration a provider fills in no defaults: what was absent is known now
                if old == _UNKNOWN or (old is None and match.unchecked):
                    yield Resolved(step.urn, path, new)
                else:
                    yield _changed(approved, step, path)


def _is_default_provider(step: Step) -> bool:
    """The engine makes one as soon as a resource needs it: that resource is judged, and says so itself."""
    return step.type.startswith("pulumi:providers:") and step.name.startswith("default_")


def _by_urn(steps: tuple[Step, ...]) -> dict[Urn, tuple[Step, ...]]:
    result: dict[Urn, tuple[Step, ...]] = {}
    for step in steps:
        result[step.urn] = (*result.get(step.urn, ()), step)
    return result


def _allows(approved: Step, fresh: Step, done: frozenset[Urn]) -> bool:
    if fresh.operation in _WITHIN[approved.operation]:
        return True
    return fresh.urn in done and fresh.operation in _LEFT.get(approved.operation, frozenset())


def _not_allowed(plan: DeploymentPlan, step: Step, candidates: tuple[Step, ...]) -> Finding:
    planned = ", ".join(f"`{old.operation}`" for old in candidates) or "nothing"
    if step.in_apply and not candidates:
        return Finding(
            "resource-in-apply",
            Severity.MANDATORY,
            f"`{step.name}` ({step.type}) of `{plan.name}` is made inside `.apply` of an unknown value",
            step.source or step.urn,
            "so the approved plan could not show it: nobody has reviewed it",
            "make the resource outside of `.apply` and pass it the output as an input; for several, loop "
            "over a list or map that a contract or the configuration declares; then plan again",
        )
    return Finding(
        "plan-operation",
        Severity.MANDATORY,
        f"`{step.operation}` of `{step.name}` ({step.type}) is not in the approved plan of `{plan.name}`",
        step.source or step.urn,
        f"the approved plan has {planned} for it",
        _NEXT,
    )


def _changed(plan: DeploymentPlan, step: Step, path: str) -> Finding:
    return Finding(
        "plan-value",
        Severity.MANDATORY,
        f"`{path}` of `{step.name}` ({step.type}) is not the value that was approved for `{plan.name}`",
        step.source or step.urn,
        "a value that was known when the plan was made must still be the same",
        _NEXT,
    )


def _differences(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every leaf that differs, with its property path."""
    if old == new:
        return
    if old != _UNKNOWN and isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{path}[{index}]", left, right)
    else:
        yield path, old, new
