"""`prodfirst isolation`: from each identity everything that is another's is tried, by real calls.

Tried are the plan and apply identity of each stack and the role of each team. What a stack's identity must be
let through to is its own, what its lock says; a team administers what the stacks that it owns hold, and reads
what they publish, but state, contracts and identities are for the stacks' own identities alone. Inside the
environment's clusters the same is tried on what is there (isolation_clusters.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prodfirst.access.attempts import Attempt
from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.calling import ServiceCall, make
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import Failure, InvalidInput, Problem
from prodfirst.kernel.role_names import PHASES, SERVICE_FOLDER
from prodfirst.permissions import lock as locks
from prodfirst.permissions.roles_aws import BREAK_GLASS
from prodfirst.usecases.acting import acting, teams_with_roles
from prodfirst.usecases.isolation_actors import Actor, actors_of
from prodfirst.usecases.isolation_calls import LET_THROUGH, PROBE, Things, assume, touch, upwards
from prodfirst.usecases.isolation_clusters import clusters_of
from prodfirst.usecases.isolation_tagged import Tagged, tagged
from prodfirst.usecases.site import Site

Row = tuple[bool, str, ServiceCall]
"""Whether it must be allowed, what it is, and the call."""


def isolation(site: Site, report: Callable[[str], None], who: tuple[str, ...] = ()) -> tuple[Attempt, ...]:
    """Every attempt of those named (`STACK/PHASE`, `team:NAME`), or of all."""
    found: list[Attempt] = []
    actors = tuple(actors_of(site))
    if unknown := sorted(set(who) - {actor.word for actor in actors}):
        known = ", ".join(f"`{actor.word}`" for actor in actors)
        raise InvalidInput(*(Problem(f"nobody is `{word}`", fix=f"name one of {known}") for word in unknown))
    resources, clusters = tagged(site), clusters_of(site)
    for actor in actors:
        if not who or actor.word in who:
            report(f"under {actor.word}")
            role, access = acting(site, actor.word)
            found += [_try(actor.word, row, access) for row in _Rows(site, actor, role, resources).all()]
            for cluster in clusters:
                found += cluster.attempts(actor, access)
    return tuple(found)


def _try(who: str, row: Row, access: AwsAccess) -> Attempt:
    expected, what, call = row
    answer = make(call, access)
    if not answer.refused and answer.code not in LET_THROUGH:
        raise Failure(
            Problem(
                f"the attempt of `{who}` to {what} was neither let through nor refused",
                f"{call.service}:{call.operation}, request {answer.request}",
                f"{answer.code}: {answer.reason}",
            )
        )
    return Attempt(who, what, not answer.refused, expected, answer.code, answer.reason, answer.request)


@dataclass(frozen=True)
class _Rows:
    """What one actor tries."""

    site: Site
    actor: Actor
    role: str
    """ARN."""
    tagged: tuple[Tagged, ...]
    """Resources that are told by their tags."""

    def all(self) -> Iterator[Row]:
        """All rows, by whose things are tried."""
        for stack in self.site.estate.stacks.values():
            yield from self._state(stack)
            yield from self._contract(stack)
            yield from self._resources(stack)
            yield from self._tagged(stack)
            yield from self._service_roles(stack)
            for phase in PHASES:
                if self.actor.word != f"{stack.name}/{phase}":
                    role = self.site.roles.arn(self.site.role_name(stack, phase))
                    yield False, f"take on {stack.name}/{phase}", assume(role)
        yield from self._people()
        name = self.role.rpartition("/")[2]
        calls = upwards(self.site, name, self._boundary(), self._taken())
        yield from ((False, what, call) for what, call in calls.items())

    def _state(self, stack: Stack) -> Iterator[Row]:
        name, things = stack.name, Things(self.site, stack)
        if self.actor.team is None and self.actor.owns(stack):
            yield True, "read its own state", things.read_state()
            if self.actor.phase == "plan":
                yield False, "write into its own state", things.write_state()
            return
        yield False, f"read the state of {name}", things.read_state()
        yield False, f"write into the state of {name}", things.write_state()
        yield False, f"list the history of {name}", things.list_history()
        yield False, f"write into the history of {name}", things.write_history()
        yield False, f"lock {name}", things.lock()
        yield False, f"use the key of {name}", things.use_key()

    def _contract(self, stack: Stack) -> Iterator[Row]:
        name, things = stack.name, Things(self.site, stack)
        fields = self._published(stack)
        if self.actor.team is None and self.actor.owns(stack):
            return
        yield False, f"publish in the contract of {name}", things.publish(next(iter(fields), PROBE))
        if self.actor.owns(stack):
            yield from (
                (True, f"read the contract of {name}", things.read_field(item)) for item in fields[:1]
            )
            return
        declared = self._declared(stack)
        if shared := [item for item in fields if item in declared]:
            yield True, f"read a declared field of {name}", things.read_field(shared[0])
        other = next((item for item in fields if item not in declared), PROBE)
        yield False, f"read the contract of {name}", things.read_field(other)

    def _resources(self, stack: Stack) -> Iterator[Row]:
        """The first resource of each kind that a lock names in full."""
        held = set(self._held(stack, self.actor.phase or "apply"))
        seen: set[str] = set()
        for action, arn in self._held(stack, "apply"):
            if (
                action in seen
                or arn.endswith("*")
                or ":parameter/prodfirst/" in arn
                or (call := touch(action, arn)) is None
            ):
                continue
            seen.add(action)
            what = f"{action} on {arn.rpartition(':')[2]}, of {stack.name}"
            yield self.actor.owns(stack) and (action, arn) in held, what, call

    def _tagged(self, stack: Stack) -> Iterator[Row]:
        held = set(self._held(stack, self.actor.phase or "apply"))
        for item in self.tagged:
            if item.stack == stack.name:
                own = self.actor.owns(stack) and not item.bootstraps
                yield own and (item.action, item.pattern) in held, item.what, item.call

    def _service_roles(self, stack: Stack) -> Iterator[Row]:
        """What a stack passes to a service is the service's to take on, such as a cluster's nodes'."""
        place = self.site.roles.arn(SERVICE_FOLDER)
        passed = {arn for action, arn in self._held(stack, "apply") if action == "iam:PassRole"}
        for arn in sorted(passed):
            if arn.startswith(place) and not arn.endswith("*"):
                yield False, f"take on the service role {arn.removeprefix(place)}", assume(arn)

    def _held(self, stack: Stack, phase: str) -> Iterator[tuple[str, str]]:
        """(action, ARN or pattern) of what a lock says."""
        lock = locks.read(locks.path_of(self.site.estate.root, stack.name))
        ground = self.site.ground
        facts = ground.facts
        for item in lock.phase(phase) if lock else ():
            if item.holds_in(ground.environment):
                yield from ((grant.action, facts.fill(grant.resource)) for grant in item.grants())

    def _published(self, stack: Stack) -> list[str]:
        """The names of the fields that a stack's lock says it publishes."""
        place = f":parameter/prodfirst/{self.site.estate.name}/{self.site.environment.name}/{stack.name}/"
        published = (arn for action, arn in self._held(stack, "apply") if action == "ssm:PutParameter")
        return [arn.partition(place)[2] for arn in published if place in arn]

    def _declared(self, stack: Stack) -> frozenset[str]:
        reads = self.actor.stack.reads if self.actor.stack else ()
        return frozenset(field for read in reads if read.stack == stack.name for field in read.fields)

    def _people(self) -> Iterator[Row]:
        ground = self.site.ground
        for team in teams_with_roles(self.site):
            if team != self.actor.team:
                role = self.site.roles.arn(self.site.team_role_name(team))
                yield False, f"take on the role of team {team.name}", assume(role)
        role = self.site.roles.arn(ground.people_name(BREAK_GLASS))
        yield False, "take on break-glass", assume(role)

    def _boundary(self) -> str:
        ground, stack = self.site.ground, self.actor.stack
        if stack is None:
            return ground.boundary_arn(ground.boundary_name("people", people=True))
        return ground.boundary_arn(ground.boundary_name(stack.name))

    def _taken(self) -> str:
        """The name of a role that is there: another's, where there is one."""
        names = [self.site.role_name(stack, "plan") for stack in self.site.estate.stacks.values()]
        return next((name for name in names if not self.role.endswith(f"/{name}")), names[0])
