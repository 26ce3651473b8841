"""Guards: checks that a plan must pass. Each is a function from a deployment's steps to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.steps import Operation, Step

Guard = Callable[[str, bool, Iterable[Step]], Iterator[Finding]]
"""(deployment name, whether its stack is stateful, steps) → findings."""


def stateful_loss(name: str, stateful: bool, steps: Iterable[Step]) -> Iterator[Finding]:
    """Deleting or replacing something in a stack that holds data: said loudly, left to the approver."""
    if not stateful:
        return
    for step in steps:
        if step.operation in (Operation.DELETE, Operation.REPLACE) and not step.type.startswith("pulumi:"):
            yield Finding(
                "stateful-loss",
                Severity.ADVISORY,
                f"`{step.operation}` of `{step.name}` ({step.type}) in the stateful stack `{name}`",
                step.source or step.urn,
                "what it holds may be lost",
                "make sure that it is empty or has a backup before you approve",
            )


def protected_loss(name: str, stateful: bool, steps: Iterable[Step]) -> Iterator[Finding]:
    """The engine refuses to delete a protected resource; say so in the plan, not in the middle of apply."""
    for step in steps:
        if step.protect and step.operation in (Operation.DELETE, Operation.REPLACE):
            yield Finding(
                "protected-loss",
                Severity.MANDATORY,
                f"`{step.operation}` of `{step.name}` ({step.type}), which is protected, in `{name}`",
                step.source or step.urn,
                "the resource is marked `protect`",
                "take the protection off in a change of its own, apply it, then plan again",
            )


ALL: tuple[Guard, ...] = (protected_loss, stateful_loss)


def check(name: str, stateful: bool, steps: tuple[Step, ...]) -> tuple[Finding, ...]:
    """What all guards say, most severe first."""
    found = [finding for guard in ALL for finding in guard(name, stateful, steps)]
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.MANDATORY))
