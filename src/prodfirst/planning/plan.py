"""The plan: what one or more deployments will do, bound by a digest to all that it was computed from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NewType

from prodfirst.kernel.findings import Finding
from prodfirst.planning.checks import ObjectCheck
from prodfirst.planning.contracts import Contract, Knowledge, ReadField, dump_read
from prodfirst.planning.interrupted import Interrupted
from prodfirst.planning.state import StateVersion, canonical
from prodfirst.planning.steps import Operation, Step
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import Value, to_json

Digest = NewType("Digest", str)
"""`sha256:` and 64 hex digits."""


@dataclass(frozen=True)
class DeploymentPlan:
    """What one stack in one environment will do."""

    stack: str
    environment: str
    project: str
    layer: str
    owner: str
    stateful: bool
    program: Digest
    """Over the program's files."""
    configuration: Digest
    """Over what the program was given: the stack's configuration and the environment's own values."""
    state: StateVersion
    identity: str
    """Who computed the steps, such as a role's ARN; apply takes on the deployment's apply identity."""
    steps: tuple[Step, ...]
    closing: tuple[Step, ...] = ()
    """What is left for the end, when all that depends on it is done: identity revokes last."""
    findings: tuple[Finding, ...] = ()
    interrupted: tuple[Interrupted, ...] = ()
    """What a killed run left in flight. The steps are those that are left when apply has taken it up."""
    checked: tuple[str, ...] = ()
    """What the preview could and could not check, in words."""
    objects: tuple[ObjectCheck, ...] = ()
    """What clusters say of their objects in `steps`. Not part of the digest: it is news of the moment, and
    apply has them all tried again (checks.py)."""
    reads: tuple[ReadField, ...] = ()
    """What it was given of other stacks' contracts."""
    publishes: Contract = field(default_factory=lambda: MappingProxyType({}))
    """What its program publishes. Not part of the digest: the steps that publish it are."""
    reused: str = ""
    """Why the program was not run again; empty where it was. Not part of the digest."""

    @property
    def name(self) -> str:
        """`stack/environment`, as people say it."""
        return f"{self.stack}/{self.environment}"

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.operation is not Operation.SAME)

    @property
    def settled(self) -> bool:
        """Whether nothing is to be done, whatever the values that it reads will be."""
        return not self.changes and all(read.knowledge is not Knowledge.UNKNOWN for read in self.reads)

    @cached_property
    def digest(self) -> Digest:
        """One digest for two previews of an unchanged deployment; another as soon as anything differs."""
        return _digest(
            {
                "deployment": [self.stack, self.environment, self.project],
                "rights": [self.layer, self.owner, self.stateful],
                "program": self.program,
                "configuration": self.configuration,
                "state": self.state,
                "identity": self.identity,
                "steps": step_facts(self.steps),
                "closing": step_facts(self.closing),
                "findings": [[item.rule, item.severity, item.what, item.why] for item in self.findings],
                "interrupted": [[item.operation, item.urn, item.fate, item.id] for item in self.interrupted],
                "checked": self.checked,
                "reads": [dump_read(item) for item in self.reads],
            }
        )


@dataclass(frozen=True)
class EstatePlan:
    """The plans of all selected deployments of one environment, in the order of their application."""

    estate: str
    environment: str
    destroy: bool
    created: str
    """RFC 3339, UTC. Not part of the digest."""
    engine: str
    deployments: tuple[DeploymentPlan, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    """Stacks that were not planned, each with the reason."""

    @cached_property
    def digest(self) -> Digest:
        return _digest(
            {
                "estate": self.estate,
                "environment": self.environment,
                "destroy": self.destroy,
                "deployments": [plan.digest for plan in self.deployments],
            }
        )

    @property
    def has_changes(self) -> bool:
        return any(plan.changes or plan.closing for plan in self.deployments)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for plan in self.deployments for finding in plan.findings)


def step_facts(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Steps as canonical data for digests and comparison: random name suffixes left out, sorted."""
    listed = list(steps)
    stable = SuffixFilter(listed)
    facts = [
        {
            "operation": step.operation.value,
            "urn": step.urn,
            "inputs": stable(step.inputs),
            "changes": [
                [change.path, stable(change.old), stable(change.new), change.replaces]
                for change in sorted(step.changes, key=lambda item: item.path)
            ],
            "protect": step.protect,
            "unchecked": step.unchecked,
        }
        for step in listed
    ]
    return sorted(facts, key=lambda fact: (fact["urn"], fact["operation"]))


class SuffixFilter:
    """Replaces names with a random suffix (`name-1a2b3c4`), wherever they stand, by `name-*`.

    A name counts only if a step that makes a new resource of that name holds it as a whole input value:
    the engine's autonaming is `<name>-<7 hex>`, the Kubernetes provider's `<name>-<8 hex>`.
    """

    def __init__(self, steps: Iterable[Step], made: frozenset[Urn] = frozenset()) -> None:
        """`made` are resources that an earlier run of the same plan has made, under a name of its own."""
        self._names = dict(_random_names(steps, made))
        self._pattern = re.compile("|".join(map(re.escape, sorted(self._names, key=len, reverse=True))))

    def __call__(self, value: Value) -> Any:
        """The value as JSON data, filtered."""
        return self._filter(to_json(value))

    def _filter(self, data: Any) -> Any:
        if not self._names:
            return data
        if isinstance(data, str):
            return self._pattern.sub(lambda match: self._names[match.group()], data)
        if isinstance(data, list):
            return [self._filter(item) for item in data]
        if isinstance(data, dict):
            return {key: self._filter(item) for key, item in data.items()}
        return data


def _random_names(steps: Iterable[Step], made: frozenset[Urn]) -> Iterator[tuple[str, str]]:
    for step in steps:
        if step.operation not in (Operation.CREATE, Operation.REPLACE) and step.urn not in made:
            continue
        pattern = re.compile(re.escape(step.name) + r"-[0-9a-f]{7,8}")
        for value in _strings(step.inputs):
            if pattern.fullmatch(value):
                yield value, f"{step.name}-*"


def _strings(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)


def _digest(data: Any) -> Digest:
    return Digest("sha256:" + hashlib.sha256(canonical(data)).hexdigest())
