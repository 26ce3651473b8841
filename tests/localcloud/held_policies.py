"""Callers of the local cloud who hold given statements, and how they are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from local_callers import Caller, trusting

Made = Callable[..., Caller]


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that denies."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> str:
    """A policy of statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def equals(**keys: Any) -> dict[str, Any]:
    """Conditions on keys; `:` is written `__`."""
    return {"Condition": {"StringEquals": {key.replace("__", ":"): value for key, value in keys.items()}}}


def tagged(key: str, value: str) -> dict[str, Any]:
    """A condition on one key."""
    return {"Condition": {"StringEquals": {key: value}}}


def unique(of: str) -> str:
    """A name that nobody else has."""
    return f"{of}-{uuid4().hex[:8]}"


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    """The code of the refusal."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return str(raised.value.response["Error"]["Code"])


def specification(type: str, **tags: str) -> list[dict[str, Any]]:
    """Tags for what a call of EC2 makes."""
    return [{"ResourceType": type, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def holding_of(administrator: Caller) -> Made:
    """Makes callers under a new role that holds some statements."""

    def make(
        *statements: dict[str, Any], boundary: tuple[dict[str, Any], ...] = (), **session: Any
    ) -> Caller:
        iam, name = administrator.client("iam"), unique("decided")
        limit = {}
        if boundary:
            made = iam.create_policy(PolicyName=name, PolicyDocument=document(*boundary))
            limit = {"PermissionsBoundary": made["Policy"]["Arn"]}
        trust = trusting()
        trust["Statement"][0]["Action"] = ["sts:AssumeRole", "sts:TagSession"]
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **limit)
        iam.put_role_policy(RoleName=name, PolicyName="held", PolicyDocument=document(*statements))
        return administrator.assuming(role["Role"]["Arn"], **session)

    return make
