"""Policies in parameters: one that AWS would not store is refused before anybody stores it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prodfirst.kernel.errors import InvalidInput
from prodfirst.localcloud.aws.authorization import parsed

_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "iam": ("PolicyDocument", "AssumeRolePolicyDocument"),
    "kms": ("Policy",),
    "s3": ("Policy",),
    "secretsmanager": ("ResourcePolicy",),
    "sts": ("Policy",),
}


def wrong(service: str, input: Mapping[str, Any]) -> str:
    """What is wrong with the policies that a call brings along; empty where nothing is."""
    for parameter in _PARAMETERS.get(service, ()):
        if text := input.get(parameter):
            try:
                parsed.document(parameter, text)
            except InvalidInput as error:
                return "; ".join(problem.what for problem in error.problems)
    return ""
