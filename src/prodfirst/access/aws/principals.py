"""Whom a resource policy names, and how directly: a grant to an account is none to its users yet.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from prodfirst.access.aws.requests import Principal, PrincipalKind

_ACCOUNT = re.compile(r"(?:arn:aws:iam::)?([0-9]{12})(?::root)?")


class Named(IntEnum):
    """How directly a policy names a principal; the more directly, the higher."""

    NOT = 0
    ACCOUNT = 1
    """Its account: whoever the account's identity policies let."""
    ROLE = 2
    """The role that a session has taken on, or everybody: a grant that boundaries still limit."""
    ITSELF = 3
    """The user, session, service or provider."""


_CHAIN = {
    PrincipalKind.USER: {Named.ACCOUNT, Named.ITSELF},
    PrincipalKind.SESSION: {Named.ACCOUNT, Named.ROLE, Named.ITSELF},
}


@dataclass(frozen=True, slots=True)
class Principals:
    """`Principal` or `NotPrincipal`."""

    entries: tuple[tuple[str, str], ...]
    """Pairs of kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) and value; `*` is `("AWS", "*")`."""
    negated: bool = False

    def name(self, principal: Principal, *, deny: bool) -> Named:
        """How directly it names a principal, in an `Allow` or a `Deny`.

        `NotPrincipal` spares from a `Deny` only whom it lists with account and role as well (IAM User Guide,
        "NotPrincipal with Deny"); from an `Allow` it leaves out everybody whom it lists anyhow.
        """
        levels = {_names(kind, value, principal) for kind, value in self.entries}
        if not self.negated:
            return max(levels, default=Named.NOT)
        spared = ("AWS", "*") in self.entries or (
            _CHAIN.get(principal.kind, {Named.ITSELF}) <= levels if deny else levels - {Named.NOT} != set()
        )
        return Named.NOT if spared else Named.ITSELF


def principals(value: Any, *, negated: bool) -> Principals:
    """The element from its JSON: `*`, or an object of kinds."""
    if not isinstance(value, Mapping):
        return Principals((("AWS", str(value)),), negated)
    pairs = [
        (kind, str(item))
        for kind, items in value.items()
        for item in (items if isinstance(items, list) else [items])
    ]
    return Principals(tuple(pairs), negated)


def _names(kind: str, value: str, principal: Principal) -> Named:
    match kind:
        case "AWS":
            return _names_aws(value, principal)
        case "Federated":
            return _exactly(principal.kind is PrincipalKind.WEB and value == principal.arn)
        case "Service":
            return _exactly(principal.kind is PrincipalKind.SERVICE and value == principal.arn)
        case _:  # canonical users are of other accounts' buckets
            return Named.NOT


def _names_aws(value: str, principal: Principal) -> Named:
    if value == "*":
        # of a session everybody is not itself: what it is granted so stays limited (evaluation logic,
        # "Resource-based policies that grant permissions to an IAM role ARN")
        return Named.ROLE if principal.kind is PrincipalKind.SESSION else Named.ITSELF
    if principal.kind in (PrincipalKind.ANONYMOUS, PrincipalKind.SERVICE, PrincipalKind.WEB):
        return Named.NOT
    if match := _ACCOUNT.fullmatch(value):
        owned = match[1] == principal.account
        itself = owned and principal.kind is PrincipalKind.ROOT
        return Named.ITSELF if itself else Named.ACCOUNT if owned else Named.NOT
    if value == principal.arn:
        return Named.ITSELF
    return Named.ROLE if principal.role and value == principal.role else Named.NOT


def _exactly(holds: bool) -> Named:
    return Named.ITSELF if holds else Named.NOT
