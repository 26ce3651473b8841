"""The guard of plans: what a program needs and its lock does not hold, with the line that needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import translate
from re import fullmatch

from prodfirst.estate.definition import Environment, Estate, Stack
from prodfirst.kernel.errors import InvalidInput
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.permissions.grants import Grant, Need
from prodfirst.permissions.lock import FOLDER, Lock
from prodfirst.permissions.synthesis import needs_in
from prodfirst.resources.graph import ResourceGraph

RULE = "permission-missing"


def missing_permissions(
    estate: Estate, stack: Stack, environment: Environment, graph: ResourceGraph, lock: Lock | None
) -> tuple[Finding, ...]:
    """Mandatory findings, one for each resource that needs more than the lock holds."""
    fix = f"run `prodfirst permissions sync {stack.name}`, and have the identity's owner approve the change"
    try:
        needs = needs_in(estate, stack, environment, graph)
    except InvalidInput as error:
        return tuple(
            Finding(RULE, Severity.MANDATORY, item.what, item.where, item.why, item.fix)
            for item in error.problems
        )
    if lock is None:
        if not needs.plan and not needs.apply:
            return ()
        what = f"stack `{stack.name}` has no lock file"
        why = f"its identities hold nothing but what `{FOLDER}/{stack.name}.lock.json` says"
        return (Finding(RULE, Severity.MANDATORY, what, stack.position, why, fix),)
    held = _Held(lock, environment.name)
    lacking = [
        *_lacking(needs.plan, held, "plan"),
        *_lacking((*needs.plan, *needs.apply), held, "apply"),
        *_lacking(needs.workload, held, "workload"),
    ]
    return tuple(_findings(lacking, stack, fix))


class _Held:
    """The grants of a lock in one environment, by phase and action."""

    def __init__(self, lock: Lock, environment: str) -> None:
        self._grants: dict[tuple[str, str], list[tuple[Grant, frozenset[tuple[str, str]]]]] = {}
        for phase in ("plan", "apply", "workload"):
            for item in lock.phase(phase):
                if item.holds_in(environment):
                    why = frozenset((reason.type, reason.name) for reason in item.reasons)
                    for grant in item.grants():
                        self._grants.setdefault((phase, grant.action), []).append((grant, why))

    def covers(self, phase: str, need: Need) -> bool:
        """Whether a grant is the needed one, or was made for the same resource and is as wide.

        The second: a plan of what exists knows ids and random suffixes where a lock has patterns.
        """
        reason = need.reason.type, need.reason.name
        return any(
            grant == need.grant
            or (reason in why and fullmatch(translate(grant.resource), need.grant.resource))
            for grant, why in self._grants.get((phase, need.grant.action), ())
        )


def _lacking(needs: Iterable[Need], held: _Held, phase: str) -> Iterator[tuple[str, Need]]:
    for need in needs:
        if not held.covers(phase, need):
            yield phase, need


def _findings(lacking: Iterable[tuple[str, Need]], stack: Stack, fix: str) -> Iterator[Finding]:
    by_resource: dict[tuple[str, str], list[tuple[str, Need]]] = {}
    for phase, need in lacking:
        by_resource.setdefault((need.reason.type, need.reason.name), []).append((phase, need))
    for (type_, name), found in sorted(by_resource.items()):
        position = found[0][1].position
        what = f"`{name}` ({type_}) needs {_shown(found)}, which the lock of stack `{stack.name}` lacks"
        why = f"{'; '.join(sorted({need.reason.source for _, need in found}))}"
        yield Finding(RULE, Severity.MANDATORY, what, position, why, fix)


def _shown(found: Iterable[tuple[str, Need]]) -> str:
    by_phase: Mapping[str, set[str]] = {"plan": set(), "apply": set(), "workload": set()}
    for phase, need in found:
        by_phase[phase].add(need.grant.action)
    rest = by_phase["apply"] - by_phase["plan"]
    listed = (("plan", by_phase["plan"]), ("apply", rest), ("run its pods", by_phase["workload"]))
    parts = [(actions, phase) for phase, actions in listed if actions]
    return " and ".join(
        f"{', '.join(f'`{action}`' for action in sorted(actions))} to {phase}" for actions, phase in parts
    )
