"""Who asks for what: one action on one resource, with the context that conditions look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

NO_RESOURCE = "*"
"""The resource of an action that has none (Service Authorization Reference); only `*` covers it."""


class PrincipalKind(Enum):
    """What a principal is; it decides how a resource policy that names it counts."""

    ROOT = "account root"
    USER = "user"
    SESSION = "role session"
    FEDERATED = "federated user"
    WEB = "web identity"
    """Before it has taken on a role: named by its provider."""
    SERVICE = "service"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    kind: PrincipalKind
    arn: str
    """Of a user, a role session or a provider; a service's name; empty for anonymous."""
    account: str = ""
    role: str = ""
    """The ARN of the role that a session has taken on."""


@dataclass(frozen=True, slots=True)
class Context:
    """Context keys, in lower case, with their values. A key without values was sent empty."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, key: str) -> tuple[str, ...] | None:
        """The values of a key, whose case does not count; None where the request has no such key."""
        return self.values.get(key.lower())

    def single(self, key: str) -> str | None:
        """The value of a key with exactly one: what a policy variable stands for."""
        values = self.get(key)
        return values[0] if values is not None and len(values) == 1 else None


def context(values: Mapping[str, str | Iterable[str]]) -> Context:
    """A context from keys in any case; keys that differ in case alone are one key with several values."""
    result: dict[str, tuple[str, ...]] = {}
    for key, value in values.items():
        given = (value,) if isinstance(value, str) else tuple(value)
        result[key.lower()] = (*result.get(key.lower(), ()), *given)
    return Context(result)


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource."""

    principal: Principal
    action: str
    """`service:Name`; its case does not count."""
    resource: str
    """An ARN, or `*`."""
    context: Context = field(default_factory=Context)
    account: str = ""
    """The account that owns the resource; empty where it is the principal's own."""

    @property
    def same_account(self) -> bool:
        """Whether principal and resource are in one account."""
        return self.account in ("", self.principal.account)
