"""One call of an AWS API as data: made under an identity, or written as a command of the `aws` tool."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.state_store import error_code

REFUSALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
"""AWS's words for a call that its caller may not make (`403`: an answer without a body)."""
_COMMANDS = {"s3": "s3api"}
"""Where the tool has another name for a service."""


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """An operation by the API's names, such as `rds`, `DescribeDBClusters`, `{"DBClusterIdentifier": …}`."""

    service: str
    operation: str
    given: Mapping[str, Any]

    def command(self) -> tuple[str, ...]:
        """The same call by the `aws` tool; what is no text or list of texts is given as JSON."""
        words = ["aws", _COMMANDS.get(self.service, self.service), xform_name(self.operation, "-")]
        for name, value in self.given.items():
            words.append(f"--{xform_name(name, '-')}")
            if isinstance(value, list) and all(isinstance(item, str) for item in value):
                words += value
            else:
                words.append(value if isinstance(value, str) else json.dumps(value))
        return tuple(words)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended."""

    code: str
    """The API's word for an error; empty where there was none."""
    reason: str
    request: str
    """The request id: in the local cloud the id of the call in the audit."""
    told: str = ""
    """What came of it, where that is worth showing; never a secret."""

    @property
    def refused(self) -> bool:
        """Whether its caller may not make it."""
        return self.code in REFUSALS


def make(call: ServiceCall, access: AwsAccess) -> Answer:
    """Make a call under an identity; an error of the API is an answer too."""
    try:
        told = getattr(access.client(call.service), xform_name(call.operation))(**call.given)
    except ClientError as error:
        return refusal_of(error)
    return Answer("", "", request_of(told))


def refusal_of(error: ClientError) -> Answer:
    """An error of the API as an answer."""
    why = str(error.response.get("Error", {}).get("Message", ""))
    return Answer(error_code(error), why, request_of(error.response))


def request_of(answer: Mapping[str, Any]) -> str:
    """The request id of what botocore returns."""
    return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
