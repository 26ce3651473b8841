"""The request id of every answer is the id of the call in the audit, as CloudTrail has it."""

from __future__ import annotations

import re
from dataclasses import replace

from prodfirst.localcloud.aws import hosts, operation
from prodfirst.localcloud.aws.api import Response

_HEADERS = ("x-amzn-requestid", "x-amz-request-id")
_ELEMENT = re.compile(rb"<(requestId|RequestId)>[^<]*</\1>")
"""EC2's and the query protocol's; other services say it in a header alone."""


def numbered(response: Response, service: str, id: str) -> Response:
    """The answer under the id of its entry."""
    kept = tuple(item for item in response.headers if item[0].lower() not in _HEADERS)
    header = "x-amz-request-id" if service == "s3" else "x-amzn-RequestId"
    body = response.body
    if service in hosts.SERVICES and operation.model(service).metadata["protocol"] in ("ec2", "query"):
        body = _ELEMENT.sub(rb"<\1>" + id.encode() + rb"</\1>", body)
    return replace(response, headers=(*kept, (header, id)), body=body)
