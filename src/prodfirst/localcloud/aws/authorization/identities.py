"""Whom a credential stands for, and every policy that speaks of them, from the local API's own state."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prodfirst.access.aws.documents import Document
from prodfirst.access.aws.policies import Policies
from prodfirst.access.aws.requests import Principal, PrincipalKind
from prodfirst.localcloud.aws.authorization import parsed
from prodfirst.localcloud.aws.authorization.calls import Keys, pairs
from prodfirst.localcloud.aws.authorization.state import State

_IAM = "us-east-1"


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller."""

    principal: Principal
    policies: Policies
    keys: Keys
    """Context keys that describe the caller."""


class Identities:
    """The callers of one account."""

    def __init__(self, state: State, account: str) -> None:
        self._state = state
        self._account = account

    def of(self, key: str) -> Identity:
        """Whom an access key stands for. Raises KeyError where it is nobody's (any more)."""
        from ministack.services import iam, sts

        with self._state.scope(_IAM):
            if (session := sts._sessions.get(key)) is not None:
                return self._session(session)
            record = iam._access_keys[key]
            user = iam._users[record["UserName"]]
            return self._user(user, {})

    def _user(self, user: Mapping[str, Any], session: Mapping[str, Any]) -> Identity:
        name = str(user["UserName"])
        policies = Policies(
            identity=(*_user_policies(user), *_group_policies(name)),
            boundary=_boundary(user),
            session=_session_policies(session),
        )
        keys = {"aws:username": name, **_described(user, session, "User")}
        return Identity(Principal(PrincipalKind.USER, user["Arn"], self._account), policies, keys)

    def _session(self, session: Mapping[str, Any]) -> Identity:
        from ministack.services import iam

        arn = str(session["Arn"])
        if session.get("PrincipalType") != "AssumedRole":
            return self._user(iam._users[session["PrincipalName"]], session)
        role = iam._roles[arn.split("/")[1]]
        if not str(session.get("UserId", "")).startswith(f"{role['RoleId']}:"):
            raise KeyError(f"the role of the session {arn} has been made anew")
        policies = Policies(
            identity=tuple(_role_policies(role)),
            boundary=_boundary(role),
            session=_session_policies(session),
        )
        principal = Principal(PrincipalKind.SESSION, arn, self._account, role=role["Arn"])
        return Identity(principal, policies, _described(role, session, "AssumedRole"))


def _described(entity: Mapping[str, Any], session: Mapping[str, Any], type: str) -> Keys:
    """Source: IAM User Guide, "AWS global condition context keys"."""
    tags = {**dict(pairs(entity.get("Tags"))), **dict(pairs(session.get("SessionTags")))}
    keys: dict[str, str | tuple[str, ...]] = {
        "aws:PrincipalArn": str(entity["Arn"]),  # of a session its role's
        "aws:PrincipalType": type,
        "aws:userid": str(session.get("UserId") or entity.get("UserId", "")),
        **{f"aws:PrincipalTag/{key}": value for key, value in tags.items()},
    }
    if session:
        keys["aws:MultiFactorAuthPresent"] = "false"
        issued = session.get("IssuedAt")
        if isinstance(issued, (int, float)):
            keys["aws:TokenIssueTime"] = datetime.fromtimestamp(issued, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return keys


def _role_policies(role: Mapping[str, Any]) -> Iterator[Document]:
    for name, text in (role.get("InlinePolicies") or {}).items():
        yield parsed.document(name, text)
    yield from _attached(role)


def _user_policies(user: Mapping[str, Any]) -> Iterator[Document]:
    from ministack.services import iam

    for name, text in (iam._user_inline_policies.get(user["UserName"]) or {}).items():
        yield parsed.document(name, text)
    yield from _attached(user)


def _group_policies(user: str) -> Iterator[Document]:
    from ministack.services import iam

    for group, record in iam._groups.items():
        if user in record.get("Users", []):
            for name, text in (iam._group_inline_policies.get(group) or {}).items():
                yield parsed.document(name, text)
            yield from _attached(record)


def _attached(entity: Mapping[str, Any]) -> Iterator[Document]:
    for arn in entity.get("AttachedPolicies", []):
        yield _managed(arn)


def _boundary(entity: Mapping[str, Any]) -> Document | None:
    arn = entity.get("PermissionsBoundary")
    return _managed(arn) if arn else None


def _session_policies(session: Mapping[str, Any]) -> tuple[Document, ...] | None:
    given = session.get("SessionPolicies")
    if given is None:
        return None
    inline = given.get("Policy")
    documents = [parsed.document("session policy", inline)] if inline else []
    return (*documents, *(_managed(arn) for arn in given.get("PolicyArns", [])))


def _managed(arn: str) -> Document:
    """A managed policy's default version; one that is gone allows nothing."""
    from ministack.services import iam

    record = iam._lookup_policy(arn)
    if not record:
        return Document(arn, ())
    version = record["Versions"][record["DefaultVersionId"]]["Document"]
    return parsed.document(arn, version if isinstance(version, str) else json.dumps(version, sort_keys=True))
