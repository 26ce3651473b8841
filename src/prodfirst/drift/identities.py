"""Drift of identities: what an account says of roles, policies and identity providers, and nobody declared.

The engine's refresh asks only for what a program declares. An addition is declared nowhere: another policy on
a role, another audience of a provider. So all of the environment's identities are compared as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prodfirst.kernel.findings import Finding, Severity

Document = Mapping[str, Any]
_SHOWN = 300
"""Characters of a statement that are shown."""
_FIX = "if nobody can say who did it, treat it as an attack; then {} or declare it, and apply"


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """One role."""

    trust: Document
    boundary: str
    """ARN; empty for none."""
    inline: Mapping[str, Document] = field(default_factory=dict)
    attached: frozenset[str] = frozenset()
    """ARNs of policies."""


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """All identities of one environment."""

    roles: Mapping[str, RoleFacts]
    """By name."""
    policies: Mapping[str, Document]
    """Managed policies of the environment's own, by ARN."""
    providers: Mapping[str, frozenset[str]]
    """Audiences by ARN of the identity provider."""


def identity_drift(declared: IdentityFacts, live: IdentityFacts) -> tuple[Finding, ...]:
    """What differs: additions first, then changes, then what is gone."""
    found = [*_roles(declared, live), *_policies(declared, live), *_providers(declared, live)]
    order = ("identity-added", "identity-changed", "identity-gone")
    return tuple(sorted(found, key=lambda finding: (order.index(finding.rule), finding.what)))


def _roles(declared: IdentityFacts, live: IdentityFacts) -> Iterator[Finding]:
    for name in sorted({*declared.roles, *live.roles}):
        if name not in live.roles:
            yield _gone(f"role `{name}`")
        elif name not in declared.roles:
            yield _added(f"role `{name}`", "it stands among the environment's identities", "delete it")
        else:
            yield from _role(name, declared.roles[name], live.roles[name])


def _role(name: str, declared: RoleFacts, live: RoleFacts) -> Iterator[Finding]:
    for arn in sorted(live.attached - declared.attached):
        yield _added(f"policy `{arn}` on role `{name}`", "the role holds more than was reviewed", "detach it")
    for arn in sorted(declared.attached - live.attached):
        yield _gone(f"policy `{arn}` on role `{name}`")
    for policy in sorted({*declared.inline, *live.inline}):
        what = f"inline policy `{policy}` of role `{name}`"
        if policy not in declared.inline:
            why = f"it says: {_shown(_statements(live.inline[policy]))}"
            yield _added(what, why, "delete it")
        elif policy not in live.inline:
            yield _gone(what)
        else:
            yield from _document(what, declared.inline[policy], live.inline[policy])
    yield from _document(f"the trust policy of role `{name}`", declared.trust, live.trust)
    if declared.boundary != live.boundary:
        now = f"it is `{live.boundary}` now" if live.boundary else "the role has none now"
        yield _changed(f"the boundary of role `{name}`", f"{now}; declared is `{declared.boundary}`")


def _policies(declared: IdentityFacts, live: IdentityFacts) -> Iterator[Finding]:
    for arn in sorted({*declared.policies, *live.policies}):
        if arn not in live.policies:
            yield _gone(f"policy `{arn}`")
        elif arn not in declared.policies:
            yield _added(f"policy `{arn}`", "it stands among the environment's own", "delete it")
        else:
            yield from _document(f"policy `{arn}`", declared.policies[arn], live.policies[arn])


def _providers(declared: IdentityFacts, live: IdentityFacts) -> Iterator[Finding]:
    for arn, audiences in sorted(declared.providers.items()):
        if arn not in live.providers:
            yield _gone(f"identity provider `{arn}`")
            continue
        for audience in sorted(live.providers[arn] - audiences):
            why = "tokens that are made out to it are taken too"
            yield _added(f"audience `{audience}` of identity provider `{arn}`", why, "remove it")
        for audience in sorted(audiences - live.providers[arn]):
            yield _gone(f"audience `{audience}` of identity provider `{arn}`")


def _document(what: str, declared: Document, live: Document) -> Iterator[Finding]:
    before, now = _statements(declared), _statements(live)
    if before != now:
        more, less = now - before, before - now
        parts = [f"new: {_shown(more)}"] * bool(more) + [f"missing: {_shown(less)}"] * bool(less)
        yield _changed(what, "; ".join(parts))


def _statements(document: Document) -> frozenset[str]:
    """Each in one spelling: neither order nor a list of one counts."""
    listed = document.get("Statement", [])
    return frozenset(
        json.dumps(_plain(item), sort_keys=True)
        for item in (listed if isinstance(listed, list) else [listed])
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        plain = sorted((_plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return plain[0] if len(plain) == 1 else plain
    return value


def _shown(statements: frozenset[str]) -> str:
    text = ", ".join(sorted(statements))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _added(what: str, why: str, undo: str) -> Finding:
    return Finding("identity-added", Severity.MANDATORY, f"{what} was added", None, why, _FIX.format(undo))


def _changed(what: str, why: str) -> Finding:
    fix = _FIX.format("bring back what was declared (`prodfirst bootstrap`, or an apply of identity)")
    return Finding("identity-changed", Severity.MANDATORY, f"{what} was changed", None, why, fix)


def _gone(what: str) -> Finding:
    fix = (
        "run `prodfirst bootstrap`; where the identity stack makes it, `prodfirst drift identity --record`, "
        "then plan and apply that stack"
    )
    return Finding("identity-gone", Severity.MANDATORY, f"{what} is gone", None, "it is declared", fix)
