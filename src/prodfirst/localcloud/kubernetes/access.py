"""Who an AWS principal is in a cluster: EKS access entries, as data (EKS user guide, "access entries")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_GROUP = "system:eks:access-entry:"
"""Prefix of the group that access policies are bound to; EKS lets no access entry name a `system:` group."""


class NotAuthenticated(Exception):
    """A token that proves nobody who may enter the cluster; the text says why, and is for the audit."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed a token, as STS says."""

    arn: str
    user_id: str
    """Such as `AROA…:session`, or `AIDA…`."""
    account: str
    key: str
    """The access key id."""

    @property
    def role(self) -> str:
        """The name of the assumed role; empty for a user."""
        return self.arn.split("/")[1] if ":assumed-role/" in self.arn else ""

    @property
    def session(self) -> str:
        """The session name under an assumed role; empty for a user."""
        return self.arn.split("/", 2)[2] if self.role else ""


@dataclass(frozen=True, slots=True)
class PolicyAssociation:
    """One access policy of an entry."""

    policy: str
    """Such as `AmazonEKSViewPolicy`."""
    namespaces: tuple[str, ...] = ()
    """Names, or patterns with `*`; empty for the whole cluster."""


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One access entry."""

    principal: str
    username: str
    """Empty for EKS's own."""
    groups: tuple[str, ...] = ()
    policies: tuple[PolicyAssociation, ...] = ()

    @property
    def policy_group(self) -> str:
        """The group that its access policies are bound to."""
        return _GROUP + hashlib.sha256(self.principal.encode()).hexdigest()[:24]

    def is_for(self, caller: Caller) -> bool:
        """A session's ARN leaves out the role's path; names of roles are unique in an account."""
        if not caller.role:
            return self.principal == caller.arn
        head, _, path = self.principal.partition(":role/")
        return head.split(":")[-1] == caller.account and path.rpartition("/")[2] == caller.role


@dataclass(frozen=True, slots=True)
class User:
    """A Kubernetes user, as a TokenReview shows one."""

    name: str
    uid: str
    groups: tuple[str, ...]
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def default_username(principal: str) -> str:
    """What the EKS API fills in where an entry names none."""
    head, found, path = principal.partition(":role/")
    if not found:
        return principal
    partition, account = principal.split(":")[1], head.rpartition(":")[2]
    return f"arn:{partition}:sts::{account}:assumed-role/{path.rpartition('/')[2]}/{{{{SessionName}}}}"


def user_of(caller: Caller, entries: Iterable[AccessEntry]) -> User:
    """Who `caller` is in the cluster. Raises NotAuthenticated where no entry is for them."""
    entry = next((entry for entry in entries if entry.is_for(caller)), None)
    if entry is None:
        raise NotAuthenticated("the cluster has no access entry for this principal")
    template = entry.username or default_username(entry.principal)
    name = (
        template.replace("{{SessionName}}", caller.session.replace("@", "-"))
        .replace("{{SessionNameRaw}}", caller.session)
        .replace("{{AccountID}}", caller.account)
    )
    return User(
        name=name,
        uid=f"aws-iam-authenticator:{caller.account}:{caller.user_id.partition(':')[0]}",
        groups=(*entry.groups, entry.policy_group),
        extra={
            "accessKeyId": (caller.key,),
            "arn": (caller.arn,),
            "canonicalArn": (entry.principal,),
            "principalId": (caller.user_id.partition(":")[0],),
            "sessionName": (caller.session,),
        },
    )
