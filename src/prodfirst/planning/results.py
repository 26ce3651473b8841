"""How an apply ended, per deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from prodfirst.planning.plan import Digest


class Result(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    """The fresh plan is not within the approved one, or the state is another."""
    FAILED = "failed"
    NOT_REACHED = "not reached"
    """Something that it depends on did not succeed."""


@dataclass(frozen=True, slots=True)
class DeploymentResult:
    """How one deployment ended."""

    deployment: str
    result: Result
    why: str = ""
    done: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Operation → how many resources."""
    seconds: float = 0.0

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
        return any(item.result in (Result.FAILED, Result.NOT_REACHED) for item in self.deployments)

    @property
    def refused(self) -> bool:
        return any(item.result is Result.REFUSED for item in self.deployments)
