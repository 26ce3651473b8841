"""What was tried under an identity, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """One real call."""

    identity: str
    """`STACK/PHASE`, or a team's role."""
    what: str
    allowed: bool
    expected: bool
    """Whether it must be allowed."""
    code: str = ""
    """The cloud's word for its refusal."""
    reason: str = ""
    audit: str = ""
    """Id of the refused call, as the audit has it."""

    @property
    def right(self) -> bool:
        """Whether the decision is the one that must be."""
        return self.allowed == self.expected
