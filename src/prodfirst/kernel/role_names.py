"""Names of the roles of one environment on AWS: who makes a role and who names it agree on them here.

A role's name is unique in an account, whatever its path.
"""

from __future__ import annotations

from dataclasses import dataclass

PHASES = ("plan", "apply")
"""A stack has an identity for each: one reads, one changes."""
SERVICE_FOLDER = "service/"
"""Of roles that services of AWS take on for a stack's resources, below the environment's path."""


@dataclass(frozen=True, slots=True)
class RoleNames:
    """Of one environment of one estate."""

    estate: str
    environment: str
    account: str

    @property
    def path(self) -> str:
        """Of roles and policies, such as `/prodfirst/acme/local/`."""
        return f"/prodfirst/{self.estate}/{self.environment}/"

    def prefix(self, stack: str) -> str:
        """What the names of a stack's things begin with."""
        return f"{self.estate}-{self.environment}-{stack}"

    def stack(self, stack: str, phase: str) -> str:
        """Of the identity of a stack in a phase (`plan`, `apply`)."""
        return f"{self.prefix(stack)}-{phase}"

    def people(self, of: str) -> str:
        """Of a role of people; the dot is in no stack's name, so it is never one of a stack."""
        return f"{self.estate}-{self.environment}.{of}"

    def team(self, team: str) -> str:
        """Of the people of a team."""
        return self.people(f"team-{team}")

    def arn(self, name: str) -> str:
        """Of a role of a stack or of people."""
        return f"arn:aws:iam::{self.account}:role{self.path}{name}"

    def service_arn(self, stack: str, purpose: str) -> str:
        """Of a role that a service takes on for something of `stack`, such as a cluster's `nodes`."""
        return f"arn:aws:iam::{self.account}:role{self.path}{SERVICE_FOLDER}{self.prefix(stack)}-{purpose}"
