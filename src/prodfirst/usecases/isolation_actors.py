"""Who tries: the identities of stacks, and teams' people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prodfirst.estate.definition import Stack, Team
from prodfirst.kernel.role_names import PHASES
from prodfirst.usecases.acting import TEAM_PREFIX, teams_with_roles
from prodfirst.usecases.site import Site


@dataclass(frozen=True, slots=True)
class Actor:
    """The identity of a stack in a phase, or a team's people."""

    word: str
    stack: Stack | None = None
    phase: str = ""
    team: Team | None = None

    def owns(self, stack: Stack) -> bool:
        """Whether the stack's resources are its own to change or to read."""
        if self.team is not None:
            return stack.owner == self.team.name
        return self.stack is not None and stack.name == self.stack.name


def actors_of(site: Site) -> Iterator[Actor]:
    """All of an environment."""
    for stack in site.estate.stacks.values():
        for phase in PHASES:
            yield Actor(f"{stack.name}/{phase}", stack=stack, phase=phase)
    for team in teams_with_roles(site):
        yield Actor(f"{TEAM_PREFIX}{team.name}", team=team)
