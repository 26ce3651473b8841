"""What was tried under an identity, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """One real call."""

    identity: str
    """`STACK/PHASE`, or `team:NAME`."""
    what: str
    allowed: bool
    expected: bool
    """Whether it must be allowed."""
    code: str = ""
    """The cloud's word for its refusal."""
    reason: str = ""
    audit: str = ""
    """Id of the call in the audit: its request id."""
    cluster: str = ""
    """Name of the cluster whose API server decided, and whose audit has it; empty for AWS."""

    @property
    def right(self) -> bool:
        """Whether the decision is the one that must be."""
        return self.allowed == self.expected
