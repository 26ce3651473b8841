"""Guards: checks that a plan must pass. Each is a function from a deployment's preview to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from prodfirst.estate.definition import Reader
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.contracts import Contract, check_contract
from prodfirst.planning.interrupted import Fate, Interrupted
from prodfirst.planning.steps import Operation, Step
from prodfirst.resources.graph import ResourceGraph, urn_name, urn_type


@dataclass(frozen=True, slots=True)
class Subject:
    """What guards look at: the preview of one deployment."""

    name: str
    """`stack/environment`"""
    stateful: bool
    """Whether its stack holds data that a replacement would lose."""
    steps: tuple[Step, ...]
    graph: ResourceGraph | None = None
    """None for a removal, which runs no program."""
    recorded: Contract = field(default_factory=lambda: MappingProxyType({}))
    """The contract as it was last published."""
    interrupted: tuple[Interrupted, ...] = ()
    """What a killed run left in flight."""
    readers: tuple[Reader, ...] = ()
    """Who reads the contract: for a removal, those that stay."""


Guard = Callable[[Subject], Iterator[Finding]]


def contract(subject: Subject) -> Iterator[Finding]:
    """What others read must stay, and stay what it is."""
    graph = subject.graph or ResourceGraph(())
    return check_contract(subject.name, graph, subject.recorded, subject.readers)


def stateful_loss(subject: Subject) -> Iterator[Finding]:
    """Deleting or replacing something in a stack that holds data: said loudly, left to the approver."""
    if not subject.stateful:
        return
    for step in subject.steps:
        if step.operation in (Operation.DELETE, Operation.REPLACE) and not step.type.startswith("pulumi:"):
            yield Finding(
                "stateful-loss",
                Severity.ADVISORY,
                f"`{step.operation}` of `{step.name}` ({step.type}) in the stateful stack `{subject.name}`",
                step.source or step.urn,
                "what it holds may be lost",
                "make sure that it is empty or has a backup before you approve",
            )


def protected_loss(subject: Subject) -> Iterator[Finding]:
    """The engine refuses to delete a protected resource; say so in the plan, not in the middle of apply."""
    for step in subject.steps:
        if step.protect and step.operation in (Operation.DELETE, Operation.REPLACE):
            yield Finding(
                "protected-loss",
                Severity.MANDATORY,
                f"`{step.operation}` of `{step.name}` ({step.type}), which is protected, in `{subject.name}`",
                step.source or step.urn,
                "the resource is marked `protect`",
                "take the protection off in a change of its own, apply it, then plan again",
            )


def protection_off(subject: Subject) -> Iterator[Finding]:
    """A protection of a blueprint that the team turned off: shown with the reason that the team wrote."""
    for resource in subject.graph.resources if subject.graph else ():
        off = resource.inputs.get("unprotected")
        if not resource.type.startswith("prodfirst:") or not isinstance(off, Mapping):
            continue
        for setting, reason in off.items():
            yield Finding(
                "protection-off",
                Severity.ADVISORY,
                f"the protection `{setting}` of `{resource.name}` in `{subject.name}` is off",
                resource.source[0] if resource.source else resource.urn,
                f"the team's reason: {reason}",
                "see that the reason still holds before you approve",
            )


def undecided(subject: Subject) -> Iterator[Finding]:
    """What was cut off, and nobody can tell how it ended: a person has to look before anything is applied."""
    for item in subject.interrupted:
        if item.fate is Fate.UNDECIDED:
            yield Finding(
                "interrupted-undecided",
                Severity.MANDATORY,
                f"what became of {item.operation} `{urn_name(item.urn)}` ({urn_type(item.urn)}) is not known",
                item.urn,
                item.why,
                "look in the cloud; then adopt it with `pulumi refresh --import-pending-creates URN "
                "--import-pending-creates ID`, or forget it with `--clear-pending-creates`",
            )


ALL: tuple[Guard, ...] = (undecided, contract, protected_loss, stateful_loss, protection_off)


def check(subject: Subject) -> tuple[Finding, ...]:
    """What all guards say, most severe first."""
    found = [finding for guard in ALL for finding in guard(subject)]
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.MANDATORY))
