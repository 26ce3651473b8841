"""Acting as somebody by the word for them.

`STACK/plan` and `STACK/apply` are a stack's identities, `STACK/workload` is an application's pods, and
`team:NAME` people.
"""

from __future__ import annotations

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.estate.definition import Team, TeamName
from prodfirst.estate.selection import select
from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.kernel.role_names import PHASES
from prodfirst.permissions import lock as locks
from prodfirst.usecases.site import Site
from prodfirst.usecases.taken_on import taken_on

WORKLOAD = "workload"
TEAM_PREFIX = "team:"
"""A colon is in no stack's name."""


def acting(site: Site, word: str) -> tuple[str, AwsAccess]:
    """The ARN of the role that `word` names, and access under it. Raises InvalidInput where it names none."""
    if not site.environment.local:
        raise _nobody(word, f"environment `{site.environment.name}` is not local")
    if word.startswith(TEAM_PREFIX):
        team = site.estate.teams.get(TeamName(word.removeprefix(TEAM_PREFIX)))
        if team is None:
            raise _nobody(word, f"the teams are {', '.join(f'`{name}`' for name in site.estate.teams)}")
        if team not in teams_with_roles(site):
            raise _nobody(word, f"team `{team.name}` owns no stack with a lock file, so it has no role")
        return site.member(team)
    name, _, phase = word.partition("/")
    if phase not in (*PHASES, WORKLOAD):
        listed = ", ".join(f"`STACK/{item}`" for item in PHASES)
        raise _nobody(word, f"a stack's identities are {listed}, and `STACK/{WORKLOAD}` of an application")
    (chosen,) = select(site.estate, (name,))
    return site.workload(chosen.stack) if phase == WORKLOAD else taken_on(site, chosen.stack, phase)


def teams_with_roles(site: Site) -> tuple[Team, ...]:
    """Whom the identity stack makes a role for: who owns a stack that has a lock file."""
    if site.estate.identity is None:
        return ()
    root, stacks = site.estate.root, site.estate.stacks.values()
    owners = {stack.owner for stack in stacks if locks.path_of(root, stack.name).is_file()}
    return tuple(team for team in site.estate.teams.values() if team.name in owners)


def _nobody(word: str, why: str) -> InvalidInput:
    fix = "write STACK/plan, STACK/apply, STACK/workload or team:NAME of a local environment"
    return InvalidInput(Problem(f"`{word}` is no identity of the local cloud", why=why, fix=fix))
