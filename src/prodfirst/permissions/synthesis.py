"""Resource graphs into permissions: what a stack's identities need, in every environment of the estate.

A pure function of the program and the estate. The graphs come from offline previews, one an environment; what
comes out holds placeholders where the environments differ, and names an environment only where it must.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from prodfirst.estate.definition import Environment, Estate, Stack
from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.permissions import kubernetes
from prodfirst.permissions.aws.actions import READING_LEVELS, level
from prodfirst.permissions.aws.entry import READING, Entry, Gate
from prodfirst.permissions.aws.functions import FUNCTIONS
from prodfirst.permissions.aws.scope import Scope
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.aws.table import TABLE
from prodfirst.permissions.grants import Conditions, Grant, Need, Reason, Slot, conditions
from prodfirst.permissions.lock import Lock, Permission
from prodfirst.permissions.placeholders import Facts
from prodfirst.permissions.workload_aws import APPLICATION, needs_of_workload
from prodfirst.resources.graph import Resource, ResourceGraph

WITHOUT_CLOUD = frozenset({"random", "time", "tls"})
"""Packages whose resources are computed where the engine runs."""


@dataclass(frozen=True, slots=True)
class InEnvironment:
    """What one environment's graph needs, its values replaced by placeholders."""

    plan: tuple[Need, ...]
    apply: tuple[Need, ...]
    workload: tuple[Need, ...] = ()


def lock_of(estate: Estate, stack: Stack, graphs: Mapping[str, ResourceGraph]) -> Lock:
    """The lock of a stack from its graph in each environment. Raises InvalidInput with all problems."""
    found = {
        name: needs_in(estate, stack, estate.environments[name], graph)  # type: ignore[index]
        for name, graph in sorted(graphs.items())
    }
    names = tuple(found)
    return Lock(
        estate=estate.name,
        stack=stack.name,
        environments=names,
        plan=_permissions({name: item.plan for name, item in found.items()}),
        apply=_permissions({name: item.apply for name, item in found.items()}),
        workload=_permissions({name: item.workload for name, item in found.items()}),
    )


def needs_in(estate: Estate, stack: Stack, environment: Environment, graph: ResourceGraph) -> InEnvironment:
    """What the identities of a stack need in one environment; `plan` holds reads, `apply` the rest."""
    facts = facts_of(environment)
    whole = _abstracted(_needs(estate, stack, environment, graph), facts)
    held = {need.grant for need in whole if need.reason.slot is Slot.READ}
    # with every reason: a change of one resource may need what another is read with
    plan = tuple(need for need in whole if need.grant in held)
    _check_reading(plan)
    workload = _abstracted(_of_workload(estate, stack, environment, graph), facts)
    return InEnvironment(plan, tuple(need for need in whole if need.grant not in held), workload)


def _abstracted(needs: Iterable[Need], facts: Facts) -> tuple[Need, ...]:
    return tuple(
        replace(need, grant=_abstract(need.grant, facts), reason=_abstract_reason(need.reason, facts))
        for need in needs
    )


def _of_workload(
    estate: Estate, stack: Stack, environment: Environment, graph: ResourceGraph
) -> Iterator[Need]:
    reads = frozenset((str(read.stack), field) for read in stack.reads for field in read.fields)
    for resource in graph.resources:
        if resource.type == APPLICATION:
            yield from needs_of_workload(resource, estate.name, environment, reads)


def facts_of(environment: Environment) -> Facts:
    """What placeholders stand for in an environment."""
    return Facts(environment.name, environment.account, environment.region)


def _needs(estate: Estate, stack: Stack, environment: Environment, graph: ResourceGraph) -> list[Need]:
    subjects = Subject.all_of(
        graph,
        estate=estate.name,
        stack=stack.name,
        reads=tuple(sorted(read.stack for read in stack.reads)),
        environment=environment.name,
        account=environment.account,
        region=environment.region,
    )
    found: list[Need] = []
    problems: list[Problem] = []
    for subject in subjects:
        try:
            found.extend(_of_resource(subject, stack))
        except InvalidInput as error:
            problems.extend(item for item in error.problems if item not in problems)
    for resource in graph.resources:
        if resource.type == kubernetes.STACK_ROLES:
            found.extend(kubernetes.needs_of_stack_roles(resource))
    for token in graph.invokes:
        try:
            found.extend(_of_function(token, stack, environment))
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput(*problems)
    return found


def _of_function(token: str, stack: Stack, environment: Environment) -> Iterator[Need]:
    """A function reads, whoever runs the program."""
    if token.split(":", 1)[0] in WITHOUT_CLOUD:
        return
    if token not in FUNCTIONS:
        raise InvalidInput(
            Problem(
                f"the permissions of the function `{token}` are not known, and the program of stack "
                f"`{stack.name}` asks it",
                str(stack.program),
                "no entry of the table says what the original provider calls for it",
                "write the value into the estate, or add an entry to `permissions/aws/functions.py`",
            )
        )
    region = conditions({"StringEquals": {"aws:RequestedRegion": environment.region}})
    reason = Reason(token, token.rsplit(":", 1)[-1], Slot.READ, READING)
    for action in FUNCTIONS[token]:
        yield Need(Grant(action, "*", region), reason, None, "the function asks by no resource")


def _of_resource(subject: Subject, stack: Stack) -> Iterator[Need]:
    package = subject.resource.type.split(":", 1)[0]
    if package in WITHOUT_CLOUD:
        return
    if package == kubernetes.PACKAGE:
        if not kubernetes.is_of_stack_roles(subject.resource):
            yield from kubernetes.needs_of(subject.resource, subject.graph)
        return
    entry = TABLE.get(subject.resource.type)
    if entry is None:
        raise InvalidInput(_no_entry(subject.resource, stack))
    yield from _calls(subject, entry)
    for item in entry.prerequisites:
        if _open(item.when, subject):
            for slot in item.slots:
                yield from _targets(subject, item.actions, item.scopes, slot, item.why)


def _calls(subject: Subject, entry: Entry) -> Iterator[Need]:
    for slot, operation in entry.operations():
        rule = entry.rule(operation)
        if rule is not None and _open(rule.when, subject):
            actions = rule.actions or (entry.qualified(operation),)
            yield from _targets(subject, actions, rule.scopes, slot, entry.provenance)


def _open(gate: Gate | None, subject: Subject) -> bool:
    return gate is None or gate(subject)


def _targets(
    subject: Subject, actions: Iterable[str], scopes: Iterable[Scope], slot: Slot, source: str
) -> Iterator[Need]:
    resource = subject.resource
    position = resource.source[0] if resource.source else None
    reason = Reason(resource.type, resource.name, slot, source, position.file if position else "")
    for scope in scopes:
        for target in scope(subject):
            for action in actions:
                qualified = action if ":" in action else f"{TABLE[resource.type].service}:{action}"
                grant = Grant(qualified, target.resource, target.conditions)
                yield Need(grant, reason, position, target.unscopable)


def _abstract(grant: Grant, facts: Facts) -> Grant:
    held = tuple(
        sorted(
            (operator, key, tuple(sorted(map(facts.abstract, values))))
            for operator, key, values in grant.conditions
        )
    )
    return Grant(grant.action, facts.abstract(grant.resource), held)


def _abstract_reason(reason: Reason, facts: Facts) -> Reason:
    return replace(reason, name=facts.abstract(reason.name))


def _check_reading(needs: Iterable[Need]) -> None:
    """A plan identity reads, whatever the table says."""
    wrong = sorted({need.grant.action for need in needs if not _reads(need.grant.action)})
    if wrong:
        raise AssertionError(f"not an action that reads: {', '.join(wrong)}")


def _reads(action: str) -> bool:
    service, name = action.split(":", 1)
    if service == kubernetes.PACKAGE:
        return name in kubernetes.READING_VERBS
    return level(action) in READING_LEVELS


def _permissions(by_environment: Mapping[str, tuple[Need, ...]]) -> tuple[Permission, ...]:
    """What is needed by the same resources on the same targets is one permission."""
    reasons: dict[tuple[Grant, str], set[Reason]] = {}
    where: dict[tuple[Grant, str], set[str]] = {}
    for environment, needs in by_environment.items():
        for need in needs:
            key = need.grant, need.unscopable
            reasons.setdefault(key, set()).add(need.reason)
            where.setdefault(key, set()).add(environment)
    groups: dict[_Group, _Members] = {}
    for (grant, unscopable), why in reasons.items():
        some = where[grant, unscopable]
        limited = () if some == set(by_environment) else tuple(sorted(some))
        who = frozenset((item.type, item.name, item.file, item.source) for item in why)
        members = groups.setdefault(
            _Group(grant.resource, grant.conditions, unscopable, limited, who), _Members()
        )
        members.actions.add(grant.action)
        members.reasons |= why
    return _merged(groups)


@dataclass(frozen=True, slots=True)
class _Group:
    """What the actions of one permission have in common."""

    resource: str
    conditions: Conditions
    unscopable: str
    environments: tuple[str, ...]
    who: frozenset[tuple[str, str, str, str]]
    """Type, name, file and source of the reasons."""


@dataclass(slots=True)
class _Members:
    actions: set[str] = field(default_factory=set)
    reasons: set[Reason] = field(default_factory=set)


def _merged(groups: Mapping[_Group, _Members]) -> tuple[Permission, ...]:
    """One permission also for several resources, where all else is the same."""
    merged: dict[Permission, set[str]] = {}
    for group, members in groups.items():
        bare = Permission(
            tuple(sorted(members.actions)),
            (),
            group.conditions,
            group.unscopable,
            group.environments,
            tuple(sorted(members.reasons)),
        )
        merged.setdefault(bare, set()).add(group.resource)
    found = [replace(item, resources=tuple(sorted(resources))) for item, resources in merged.items()]
    return tuple(
        sorted(found, key=lambda item: (item.resources, item.actions, item.conditions, item.reasons))
    )


def _no_entry(resource: Resource, stack: Stack) -> Problem:
    return Problem(
        f"the permissions of `{resource.type}` are not known, and `{resource.name}` of stack `{stack.name}` "
        "is one",
        resource.source[0] if resource.source else resource.urn,
        "no entry of the table says what the original provider calls for it",
        "use a type of `prodfirst permissions show --types`, or add an entry to `permissions/aws/`",
    )
