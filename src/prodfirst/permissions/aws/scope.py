"""Where an action may work: ARN patterns and conditions on tags, made from a resource's inputs.

Generated ids are scoped by the tags that every resource carries (DESIGN.md section 5). EC2 decides a call for
each resource that it touches, so an action may have several targets, and needs all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from prodfirst.permissions.aws.subject import Owner, Subject
from prodfirst.permissions.grants import Conditions, conditions

TAG = "prodfirst:"
OWNER_KEYS = (f"{TAG}environment", f"{TAG}estate", f"{TAG}stack")
"""Tags that say whose a resource is. Nobody may change them on a resource that exists."""


@dataclass(frozen=True, slots=True)
class Target:
    """One resource pattern with its conditions."""

    resource: str
    conditions: Conditions = ()
    unscopable: str = ""


Scope: TypeAlias = Callable[[Subject], "Iterable[Target]"]


def tags_of(owner: Owner, environment: str, key: str = "aws:ResourceTag") -> Mapping[str, tuple[str, ...]]:
    """Condition keys that hold for what `owner` made."""
    values = {"environment": (environment,), "estate": (owner.estate,), "stack": owner.stacks}
    return {f"{key}/{TAG}{name}": value for name, value in values.items()}


def anywhere(why: str = "the action takes no resource") -> Scope:
    """`*`, within the environment's region."""

    def scope(subject: Subject) -> Iterable[Target]:
        region = conditions({"StringEquals": {"aws:RequestedRegion": subject.region}})
        return [Target("*", region, why)]

    return scope


def everywhere(why: str) -> Scope:
    """`*` of a service without regions."""
    return lambda _subject: [Target("*", (), why)]


def arn(service: str, path: Callable[[Subject], str], *, regional: bool = True) -> Scope:
    """A resource with a name that the program gives."""

    def scope(subject: Subject) -> Iterable[Target]:
        region = subject.region if regional else ""
        return [Target(f"arn:aws:{service}:{region}:{subject.account}:{path(subject)}")]

    return scope


def own(service: str, path: str) -> Scope:
    """What carries this stack's tags, such as `own("ec2", "subnet/*")`."""

    def scope(subject: Subject) -> Iterable[Target]:
        tags = conditions({"StringEquals": tags_of(subject.own, subject.environment)})
        return [Target(_arn(subject, service, path), tags)]

    return scope


def fresh(service: str, path: str) -> Scope:
    """What is being made, if it is made with this stack's tags."""

    def scope(subject: Subject) -> Iterable[Target]:
        tags = conditions({"StringEquals": tags_of(subject.own, subject.environment, "aws:RequestTag")})
        return [Target(_arn(subject, service, path), tags)]

    return scope


def claimed(service: str, path: str) -> Scope:
    """What carries nobody's tags yet, if it gets this stack's."""

    def scope(subject: Subject) -> Iterable[Target]:
        tags = tags_of(subject.own, subject.environment, "aws:RequestTag")
        nobody = {f"aws:ResourceTag/{TAG}stack": "true"}
        return [Target(_arn(subject, service, path), conditions({"StringEquals": tags, "Null": nobody}))]

    return scope


def retagged(service: str, path: str) -> Scope:
    """What carries this stack's tags, if the call leaves those alone that say whose it is."""

    def scope(subject: Subject) -> Iterable[Target]:
        kept = {"aws:TagKeys": OWNER_KEYS}
        tags = tags_of(subject.own, subject.environment)
        both = conditions({"StringEquals": tags, "ForAllValues:StringNotEquals": kept})
        return [Target(_arn(subject, service, path), both)]

    return scope


def referred(service: str, path: str, prop: str) -> Scope:
    """What an input refers to by a generated id: this stack's, or of a stack that it reads."""

    def scope(subject: Subject) -> Iterable[Target]:
        tags = conditions({"StringEquals": tags_of(subject.owner_of(prop), subject.environment)})
        return [Target(_arn(subject, service, path), tags)] if subject.given(prop) else []

    return scope


def of(targets: Scope, **more: Mapping[str, str | Iterable[str]]) -> Scope:
    """The targets of another scope under more conditions, each as `OPERATOR={KEY: VALUE}`."""

    def scope(subject: Subject) -> Iterable[Target]:
        for target in targets(subject):
            yield Target(
                target.resource,
                tuple(sorted({*target.conditions, *conditions(more)})),
                target.unscopable,
            )

    return scope


def _arn(subject: Subject, service: str, path: str) -> str:
    return f"arn:aws:{service}:{subject.region}:{subject.account}:{path}"
