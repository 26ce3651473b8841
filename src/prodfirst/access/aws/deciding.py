"""The decision: allowed or denied, by which statement, and why.

Source: IAM User Guide, "Policy evaluation logic", "Determining whether a request is allowed or denied within
an account", "Cross-account policy evaluation logic", "Permissions boundaries", and for keys the KMS
Developer Guide, "Key policies". The order of policies and statements has no say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prodfirst.access.aws.documents import Document, Effect, Statement
from prodfirst.access.aws.matching import applies, named
from prodfirst.access.aws.policies import Kind, Policies
from prodfirst.access.aws.principals import Named
from prodfirst.access.aws.requests import PrincipalKind, Request


@dataclass(frozen=True, slots=True)
class Deciding:
    """A statement that decided."""

    kind: Kind
    policy: str
    statement: str
    """Its Sid, or its place."""

    def __str__(self) -> str:
        return f"{self.kind.value} `{self.policy}`, `{self.statement}`"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request."""

    allowed: bool
    reason: str
    """In words, as AWS ends its own messages."""
    statement: Deciding | None = None
    """What allowed it, or denied it explicitly."""
    missing: tuple[Kind, ...] = ()
    """The kinds of policies that would have had to allow it, and do not."""


@dataclass(frozen=True, slots=True)
class _Grant:
    """A statement of a resource policy that allows, and how directly it names the principal."""

    deciding: Deciding
    named: Named


def decide(request: Request, policies: Policies) -> Decision:
    """Whether a request is allowed."""
    if denial := _first(_denials(request, policies)):
        reason = f"with an explicit deny in {denial.kind.article} {denial.kind.value}"
        return Decision(False, reason, denial)
    if not all(_allowing(level, Kind.ORGANIZATION, request) for level in policies.organization):
        return _implicit(request, Kind.ORGANIZATION)
    grant = _grant(request, policies)
    if policies.resource is not None and policies.resource.required and grant is None:
        return _implicit(request, policies.resource.kind)
    if not request.same_account:
        return _across(request, policies, grant)
    return _within(request, policies, grant)


def _within(request: Request, policies: Policies, grant: _Grant | None) -> Decision:
    """Principal and resource in one account: either side may allow."""
    direct = grant if grant is not None and grant.named is not Named.ACCOUNT else None
    if direct is not None and direct.named is Named.ITSELF:
        # a grant to a user or a session by name is not limited by what they have elsewhere
        return _allowed(direct.deciding)
    identity = _identity(request, policies)
    allow = identity or (direct.deciding if direct else None)
    if allow is None:
        kinds = [Kind.IDENTITY]
        if policies.resource is not None and not policies.resource.required:
            kinds.append(Kind.RESOURCE)
        return _implicit(request, *kinds)
    return _limited(request, policies, allow)


def _across(request: Request, policies: Policies, grant: _Grant | None) -> Decision:
    """Two accounts: both sides must allow."""
    if request.principal.kind in (PrincipalKind.WEB, PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS):
        return _allowed(grant.deciding) if grant else _implicit(request, Kind.RESOURCE)
    identity = _identity(request, policies)
    missing = [kind for kind, found in ((Kind.IDENTITY, identity), (Kind.RESOURCE, grant)) if found is None]
    if identity is None or missing:
        return _implicit(request, *missing)
    return _limited(request, policies, identity)


def _limited(request: Request, policies: Policies, allow: Deciding) -> Decision:
    """Boundaries and session policies allow nothing; they must let through what others allow."""
    limits = (
        (Kind.BOUNDARY, None if policies.boundary is None else (policies.boundary,)),
        (Kind.SESSION, policies.session),
    )
    closed = [
        kind
        for kind, documents in limits
        if documents is not None and not _allowing(documents, kind, request)
    ]
    return _implicit(request, *closed) if closed else _allowed(allow)


def _identity(request: Request, policies: Policies) -> Deciding | None:
    if request.principal.kind is PrincipalKind.ROOT:
        return Deciding(Kind.IDENTITY, "account root", "everything")
    return _first(_allowing(policies.identity, Kind.IDENTITY, request))


def _grant(request: Request, policies: Policies) -> _Grant | None:
    """The most direct grant of the resource's policy."""
    if policies.resource is None:
        return None
    kind, document = policies.resource.kind, policies.resource.document
    grants = [
        _Grant(_deciding(kind, document, statement), level)
        for statement in document.statements
        if statement.effect is Effect.ALLOW and (level := named(statement, request))
        if applies(statement, request)
    ]
    best = max((grant.named for grant in grants), default=Named.NOT)
    first = _first(grant.deciding for grant in grants if grant.named is best)
    return _Grant(first, best) if first else None


def _denials(request: Request, policies: Policies) -> Iterator[Deciding]:
    attached = [
        *((Kind.ORGANIZATION, document) for level in policies.organization for document in level),
        *((Kind.IDENTITY, document) for document in policies.identity),
        *((Kind.SESSION, document) for document in policies.session or ()),
    ]
    if policies.boundary is not None:
        attached.append((Kind.BOUNDARY, policies.boundary))
    for kind, document in attached:
        for statement in document.statements:
            if statement.effect is Effect.DENY and applies(statement, request):
                yield _deciding(kind, document, statement)
    if policies.resource is not None:
        document = policies.resource.document
        for statement in document.statements:
            if statement.effect is Effect.DENY and named(statement, request) and applies(statement, request):
                yield _deciding(policies.resource.kind, document, statement)


def _allowing(documents: Iterable[Document], kind: Kind, request: Request) -> list[Deciding]:
    return [
        _deciding(kind, document, statement)
        for document in documents
        for statement in document.statements
        if statement.effect is Effect.ALLOW and applies(statement, request)
    ]


def _deciding(kind: Kind, document: Document, statement: Statement) -> Deciding:
    return Deciding(kind, document.name, statement.label)


def _first(found: Iterable[Deciding]) -> Deciding | None:
    """One of several, the same in whatever order they come."""
    order = list(Kind)
    return min(found, key=lambda item: (order.index(item.kind), item.policy, item.statement), default=None)


def _allowed(by: Deciding) -> Decision:
    return Decision(True, f"allowed by {by}", by)


def _implicit(request: Request, *missing: Kind) -> Decision:
    kinds = " and ".join(f"no {kind.value}" for kind in missing)
    return Decision(False, f"because {kinds} allows the {request.action} action", None, missing)
