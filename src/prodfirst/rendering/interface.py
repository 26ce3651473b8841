"""What every format can say. A format writes one answer; progress and errors are no part of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from prodfirst.access.attempts import Attempt
from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.planning.plan import EstatePlan
from prodfirst.planning.recorded import DeploymentStatus
from prodfirst.planning.results import EstateResult
from prodfirst.resources.values import Value


class Format(Protocol):
    """One way to write answers, such as text for people or JSON for machines."""

    def plan(self, plan: EstatePlan) -> None:
        """What would change."""

    def result(self, result: EstateResult) -> None:
        """How an apply ended."""

    def drift(self, found: tuple[DeploymentDrift, ...]) -> None:
        """What the cloud says that the state does not."""

    def isolation(self, attempts: tuple[Attempt, ...]) -> None:
        """What was tried under each identity, and what was decided."""

    def status(self, found: tuple[DeploymentStatus, ...]) -> None:
        """What is deployed."""

    def outputs(self, deployment: str, values: Mapping[str, Value]) -> None:
        """The outputs of one deployment's program."""
