"""What is recorded of a deployment, without running anything."""

from __future__ import annotations

from dataclasses import dataclass

from prodfirst.planning.state import StateVersion


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """What the checkpoint of one deployment says."""

    deployment: str
    layer: str
    owner: str
    exists: bool
    resources: int = 0
    updated: str = ""
    """RFC 3339; when the engine last wrote the state."""
    version: StateVersion | None = None
    pending: int = 0
    """Operations that an interrupted run left in flight."""
