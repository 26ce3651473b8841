"""Whether a statement applies to a request."""

from __future__ import annotations

from prodfirst.access.aws.conditions import hold
from prodfirst.access.aws.documents import Effect, Matcher, Statement
from prodfirst.access.aws.patterns import Pattern, matches_resource
from prodfirst.access.aws.principals import Named
from prodfirst.access.aws.requests import Request


def applies(statement: Statement, request: Request) -> bool:
    """Whether action, resource and conditions fit; whom it names is `named`'s to say."""
    return (
        covers_action(statement.actions, request.action)
        and _covers_resource(statement, request)
        and hold(statement.conditions, request.context)
    )


def named(statement: Statement, request: Request) -> Named:
    """How directly a statement of a resource policy names the principal."""
    if statement.principals is None:
        return Named.NOT
    return statement.principals.name(request.principal, deny=statement.effect is Effect.DENY)


def covers_action(actions: Matcher, action: str) -> bool:
    """Whether an action is one of `Action`, or none of `NotAction`. Case does not count."""
    found = actions.expression.fullmatch(action) is not None
    return found != actions.negated


def _covers_resource(statement: Statement, request: Request) -> bool:
    """`NotResource` with a variable that has no value allows nothing, and denies everything.

    AWS documents no more than that such a statement may be invalid; here it never opens anything.
    """
    resources = statement.resources
    if resources is None:
        return True
    fits = [_fits(pattern, request) for pattern in resources.patterns]
    if not resources.negated:
        return any(fits)
    if None in fits and True not in fits:
        return statement.effect is Effect.DENY
    return not any(fits)


def _fits(pattern: Pattern, request: Request) -> bool | None:
    tokens = pattern.resolved(request.context.single)
    return None if tokens is None else matches_resource(tokens, request.resource)
