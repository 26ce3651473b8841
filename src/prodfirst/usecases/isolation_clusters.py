"""Isolation inside a cluster: from each identity and each team's role, by real calls under their own tokens.

What must be allowed follows from files and the estate alone, never from what the cluster holds:

- a stack that reads a cluster's contract holds what its lock says, in the namespace of the team that owns it;
- the one whose lock makes the roles of others is the cluster's administrator when it applies;
- people do in their team's namespace what the blueprint gives them, and enter no other;
- nobody else enters.

A lock may ask for more than a namespace was given for: whether that is granted is not judged here, as it is
told when the furnishing stack is planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from prodfirst.access.attempts import Attempt
from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.kubernetes.calling import ClusterAnswer, ClusterPlace, enter, make, place_of
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.group_names import RBAC
from prodfirst.kernel.role_names import PHASES
from prodfirst.localcloud.kubernetes.audit import Decision, decisions
from prodfirst.localcloud.kubernetes.cluster import Cluster, Status
from prodfirst.permissions.kubernetes import RbacRule
from prodfirst.permissions.kubernetes_people import people_rules
from prodfirst.usecases.isolation_actors import Actor
from prodfirst.usecases.isolation_aims import (
    NOWHERE,
    Aim,
    in_namespace,
    of_a_stack,
    of_the_cluster,
    own_roles,
)
from prodfirst.usecases.locked_rules import locked_rules
from prodfirst.usecases.site import Site

_AT_ONCE = 8
_NOT_LET_IN = 401
_MAKER = "prodfirst:stack"
"""Tag: the stack that made it."""


@dataclass(frozen=True)
class Inside:
    """One cluster of the environment, and the stack that made it."""

    site: Site
    place: ClusterPlace
    maker: str
    log: Path
    """Of its API server's audit."""

    def attempts(self, actor: Actor, access: AwsAccess) -> Iterator[Attempt]:
        """Everything, under one actor. Raises Failure."""
        rows = [(aim, must) for aim in self._aims if (must := self._must(aim, actor)) is not None]
        client = enter(self.place, access)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = tuple(pool.map(partial(make, client=client), (aim.call() for aim, _ in rows)))
        found = decisions(self.log, (answer.request for answer in answers))
        for (aim, must), answer in zip(rows, answers, strict=True):
            yield self._attempt(actor.word, aim, must, answer, found)

    def _attempt(
        self, word: str, aim: Aim, must: bool, answer: ClusterAnswer, found: Mapping[str, Decision]
    ) -> Attempt:
        decided = found.get(answer.request)
        if decided is None:
            raise Failure(
                Problem(
                    f"the audit of cluster `{self.place.name}` lacks a call", str(self.log), answer.request
                )
            )
        return Attempt(
            identity=word,
            what=f"{aim.what}, in cluster {self.place.name}",
            allowed=decided.allowed and answer.status != _NOT_LET_IN,
            expected=must,
            code=answer.code,
            reason=decided.reason or answer.reason,
            audit=answer.request,
            cluster=self.place.name,
        )

    @cached_property
    def _aims(self) -> tuple[Aim, ...]:
        found = [aim for namespace in self._namespaces for aim in in_namespace(namespace)]
        for stack in self._inside:
            found += of_a_stack(stack.name, self._rules(stack, "apply"))
            if stack.owner in self._namespaces and not self._furnishes(stack):
                found += own_roles(stack.name, PHASES, stack.owner)
        return tuple(dict.fromkeys((*found, *of_the_cluster())))

    @cached_property
    def _inside(self) -> tuple[Stack, ...]:
        """The stacks that have something to do in it."""
        stacks = self.site.estate.stacks.values()
        return tuple(stack for stack in stacks if any(read.stack == self.maker for read in stack.reads))

    @cached_property
    def _namespaces(self) -> tuple[str, ...]:
        """Those of teams: what furnishing stacks' locks name."""
        named = {
            rule.name
            for stack in self._inside
            for rule in self._rules(stack, "apply")
            if rule.resource == "namespaces" and rule.name in self.site.estate.teams
        }
        return tuple(sorted(named))

    def _furnishes(self, stack: Stack) -> bool:
        """Whether it makes the roles of others, and so enters as an administrator to apply."""
        rules = self._rules(stack, "apply")
        return any(rule.api_group == RBAC and "escalate" in rule.verbs for rule in rules)

    def _rules(self, stack: Stack, phase: str) -> tuple[RbacRule, ...]:
        return locked_rules(self.site, stack.name, phase)

    def _must(self, aim: Aim, actor: Actor) -> bool | None:
        """Whether it must be allowed; None where that is not for these files to say."""
        if actor.team is not None:
            team = actor.team.name
            return team in self._namespaces and _within(aim, people_rules(team))
        stack = actor.stack
        if stack is None or stack not in self._inside:
            return False
        furnishes = self._furnishes(stack)
        if furnishes and actor.phase == "apply":
            return True
        if not _within(aim, self._rules(stack, actor.phase)):
            return False
        given = aim.namespace == stack.owner or (furnishes and aim.namespace in (NOWHERE, *self._namespaces))
        return True if given else None


def _within(aim: Aim, rules: Iterable[RbacRule]) -> bool:
    return any(aim.is_within(rule) for rule in rules)


def clusters_of(site: Site) -> tuple[Inside, ...]:
    """The clusters of the environment, by their tags. Raises Failure where one cannot be tried."""
    return tuple(found for item in site.cloud.clusters() if (found := _inside_of(site, item)) is not None)


def _inside_of(site: Site, cluster: Cluster) -> Inside | None:
    """None for one of somebody else. Raises Failure for one of ours that cannot be tried."""
    where = (site.environment.account, site.environment.region)
    if (cluster.account, cluster.region) != where:
        return None
    tags = site.operator.client("eks").list_tags_for_resource(resourceArn=cluster.arn)["tags"]
    if (tags.get("prodfirst:estate"), tags.get("prodfirst:environment")) != (
        site.estate.name,
        site.environment.name,
    ):
        return None
    if problem := untriable(cluster, tags):
        raise Failure(problem)
    place = place_of(cluster.name, site.operator)
    return Inside(site, place, tags[_MAKER], site.cloud.cluster_audit(cluster))


def untriable(cluster: Cluster, tags: Mapping[str, str]) -> Problem | None:
    """Why nothing can be said of a cluster of the environment; it is never left out without a word."""
    what = f"cluster `{cluster.name}` cannot be tried"
    if cluster.status is not Status.ACTIVE:
        why = f"it is {cluster.status}" + (f": {cluster.reason}" if cluster.reason else "")
        return Problem(what, cluster.arn, why, "wait until it is ACTIVE, or delete it; then try again")
    if not tags.get(_MAKER):
        why = f"it has no tag `{_MAKER}`, so nobody knows which stack's contract leads into it"
        return Problem(what, cluster.arn, why, "apply the stack that makes it, which tags it")
    return None
