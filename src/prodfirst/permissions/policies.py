"""IAM policy documents as data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Policy: TypeAlias = dict[str, Any]


def policy(*statements: Mapping[str, Any]) -> Policy:
    """A policy document of the current language version."""
    return {"Version": "2012-10-17", "Statement": [dict(statement) for statement in statements]}


def statement(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    effect: str = "Allow",
    condition: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One statement; lists sorted, so that equal grants are equal documents."""
    result: dict[str, Any] = {
        "Sid": sid,
        "Effect": effect,
        "Action": sorted(set(actions)),
        "Resource": sorted(set(resources)),
    }
    return result | ({"Condition": dict(condition)} if condition else {})


def text(document: Policy) -> str:
    """The document as AWS counts it: no white space."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True)
