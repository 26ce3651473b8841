"""Drift: the difference between what the checkpoint says and what the cloud says."""

from __future__ import annotations

from dataclasses import dataclass

from prodfirst.kernel.findings import Finding
from prodfirst.planning.steps import Step


@dataclass(frozen=True, slots=True)
class DeploymentDrift:
    """The drift of one deployment."""

    deployment: str
    stateful: bool
    steps: tuple[Step, ...]
    """`update`: the cloud has another value. `delete`: the resource is gone."""
    skipped: str = ""
    """Why it was not looked at; empty where it was."""
    findings: tuple[Finding, ...] = ()
    """What no program declares, and so no refresh asks for."""

    @property
    def drifted(self) -> bool:
        """Whether anything differs."""
        return bool(self.steps or self.findings)
