"""Policies and requests in one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from prodfirst.access.aws.deciding import Decision, decide
from prodfirst.access.aws.documents import Document, parse
from prodfirst.access.aws.policies import Kind, Policies, ResourcePolicy
from prodfirst.access.aws.requests import Principal, PrincipalKind, Request, context

ACCOUNT = "111122223333"
OTHER = "444455556666"
IAM = f"arn:aws:iam::{ACCOUNT}"
USER = Principal(PrincipalKind.USER, f"{IAM}:user/eve", ACCOUNT)
ROLE = f"{IAM}:role/estate/worker"
SESSION = Principal(
    PrincipalKind.SESSION, f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/run", ACCOUNT, role=ROLE
)
ROOT = Principal(PrincipalKind.ROOT, f"{IAM}:root", ACCOUNT)
STRANGER = Principal(PrincipalKind.USER, f"arn:aws:iam::{OTHER}:user/mallory", OTHER)
OBJECT = "arn:aws:s3:::data/a/b"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1"


def policy(*statements: Mapping[str, Any], name: str = "p", version: str = "2012-10-17") -> Document:
    """A policy."""
    return parse(name, {"Version": version, "Statement": list(statements)})


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows; `more` are further elements, None removes one."""
    return _statement("Allow", action, resource, more)


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that denies."""
    return _statement("Deny", action, resource, more)


def _statement(effect: str, action: Any, resource: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    made = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {key: value for key, value in made.items() if value is not None}


def ask(
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    principal: Principal = USER,
    account: str = "",
    **keys: str | Iterable[str],
) -> Request:
    """A request; a context key `aws:username` is written `aws__username`."""
    values = {key.replace("__", ":"): value for key, value in keys.items()}
    return Request(principal, action, resource, context(values), account)


def under(request: Request, values: Mapping[str, str | Iterable[str]]) -> Request:
    """The request with context keys that Python cannot write as names."""
    return replace(request, context=context(values))


def decided(request: Request, *identity: Document, **policies: Any) -> Decision:
    """The decision under identity policies and others."""
    return decide(request, Policies(identity=identity, **policies))


def bucket(*statements: Mapping[str, Any]) -> ResourcePolicy:
    """A policy of the resource itself."""
    return ResourcePolicy(policy(*statements, name="bucket policy"))


def key_policy(*statements: Mapping[str, Any]) -> ResourcePolicy:
    """A key policy."""
    return ResourcePolicy(policy(*statements, name="key policy"), required=True)


def trust(*statements: Mapping[str, Any]) -> ResourcePolicy:
    """A trust policy."""
    return ResourcePolicy(policy(*statements, name="trust"), required=True, kind=Kind.TRUST)
