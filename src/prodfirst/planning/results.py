"""How an apply ended, per deployment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from prodfirst.kernel.findings import Finding
from prodfirst.planning.checks import ObjectCheck
from prodfirst.planning.interrupted import Interrupted
from prodfirst.planning.plan import Digest
from prodfirst.planning.steps import Step


class Result(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    """The fresh plan is not within the approved one, or the state is another."""
    FAILED = "failed"
    NOT_REACHED = "not reached"
    """Something that it depends on did not succeed."""


@dataclass(frozen=True, slots=True)
class StepFailure:
    """A step that failed, and what the provider said, masked."""

    step: Step
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeploymentResult:
    """How one deployment ended."""

    deployment: str
    result: Result
    why: str = ""
    findings: tuple[Finding, ...] = ()
    """What refused it."""
    done: tuple[Step, ...] = ()
    """What was carried out, whatever the result."""
    failed: tuple[StepFailure, ...] = ()
    unfinished: tuple[Step, ...] = ()
    """Begun and never heard of again: the checkpoint lists them as pending."""
    leftovers: tuple[StepFailure, ...] = ()
    """Old halves of replacements that could not be deleted while dependents still used them."""
    interrupted: tuple[Interrupted, ...] = ()
    """What an earlier run left in flight, and this one took up."""
    objects: tuple[ObjectCheck, ...] = ()
    """What clusters said of its objects before the first change."""
    seconds: float = 0.0

    @property
    def blocks(self) -> bool:
        """Whether what waits for it cannot begin."""
        return self.result in (Result.REFUSED, Result.FAILED, Result.NOT_REACHED)

    def lasting(self, seconds: float) -> DeploymentResult:
        """The same, with the time that it took."""
        return replace(self, seconds=seconds)


@dataclass(frozen=True, slots=True)
class EstateResult:
    """How an apply ended."""

    plan: Digest
    deployments: tuple[DeploymentResult, ...]

    @property
    def failed(self) -> bool:
        """Whether a deployment failed. One not reached behind a refusal is no failure of its own."""
        return any(item.result is Result.FAILED for item in self.deployments)

    @property
    def refused(self) -> bool:
        """Whether a deployment was refused."""
        return any(item.result is Result.REFUSED for item in self.deployments)
