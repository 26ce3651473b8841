"""A call as authorization sees it, and the uses of actions that it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Keys = Mapping[str, str | tuple[str, ...]]
"""Context keys with their values."""
Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key, as far as decisions need it."""

    arn: str
    aliases: tuple[str, ...]
    """`alias/…`, sorted."""


class Resources(Protocol):
    """The state behind the gateway, as far as a call's resources are named or described by it."""

    def tags(self, arn: str) -> Tags:
        """The tags of a resource; none where it does not exist."""

    def identity(self, kind: str, name: str) -> str | None:
        """The ARN of a user, group, role or instance profile by its name; None where there is none."""

    def boundary(self, arn: str) -> str | None:
        """The ARN of the permissions boundary of a user or role."""

    def profile_roles(self, name: str) -> tuple[str, ...]:
        """The ARNs of the roles in an instance profile."""

    def key(self, region: str, reference: str) -> Key | None:
        """A KMS key by id, ARN or alias."""

    def secret(self, region: str, reference: str) -> tuple[str, str] | None:
        """ARN and KMS key (empty for AWS's own) of a secret by name, ARN or part of it."""

    def parameter_key(self, region: str, name: str) -> str:
        """The KMS key of an encrypted parameter; empty where it is none or AWS's own key."""

    def eks(self, region: str, kind: str, cluster: str, name: str) -> str | None:
        """The ARN of a part of a cluster."""

    def access_entry(self, region: str, held: str) -> str:
        """The ARN that AWS gives the access entry which the API knows by `held`."""

    def associated(self, region: str, association: str) -> tuple[str, ...]:
        """The ids that an association of EC2 binds together."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a principal makes."""

    service: str
    """IAM prefix."""
    operation: str
    input: Mapping[str, Any]
    """All parameters, as the service model has them."""
    region: str
    account: str
    caller: str
    """The ARN of the principal."""
    state: Resources

    def texts(self, *names: str) -> list[str]:
        """All values of parameters with one of these names, at any depth."""
        return [value for name, value in leaves(self.input) if name in names]

    def text(self, name: str) -> str:
        """A parameter at the top; empty where it is not given."""
        value = self.input.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Use:
    """One action on one resource, before anybody is asked."""

    action: str
    resource: str
    keys: Keys = field(default_factory=dict)
    forwarded: bool = False
    """Whether the service makes the call in the caller's name (`kms:ViaService`)."""


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every scalar in parameters, with the name that it stands under (a list's name for its items)."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from leaves(inner, name)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None and not isinstance(value, bytes):
        yield name, str(value)


def tag_keys(tags: Iterable[tuple[str, str]]) -> Keys:
    """The context keys of tags that a request brings along; none without tags."""
    pairs = list(tags)
    if not pairs:
        return {}
    keys: dict[str, str | tuple[str, ...]] = {f"aws:RequestTag/{key}": value for key, value in pairs}
    return {**keys, "aws:TagKeys": tuple(key for key, _ in pairs)}


def pairs(tags: Any) -> Iterator[tuple[str, str]]:
    """Tags in any of AWS's shapes: a list of `Key`/`Value`, of `TagKey`/`TagValue`, or an object."""
    if isinstance(tags, Mapping):
        yield from ((str(key), str(value)) for key, value in tags.items())
        return
    for item in tags or ():
        named = {key.lower().removeprefix("tag"): value for key, value in item.items()}
        yield str(named.get("key", "")), str(named.get("value", ""))
