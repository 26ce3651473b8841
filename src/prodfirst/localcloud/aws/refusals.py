"""Refusals of the gateway, each in the protocol of its service."""

from __future__ import annotations

import json
from uuid import uuid4
from xml.sax.saxutils import escape

from prodfirst.localcloud.aws import hosts, operation
from prodfirst.localcloud.aws.api import Response


def refusal(service: str, code: str, message: str, status: int = 403, request_id: str = "") -> Response:
    """An answer that says no; `code` is AWS's word for why, the request id is the audit's, if any."""
    request_id = request_id or str(uuid4())
    protocol = operation.model(service if service in hosts.SERVICES else "s3").metadata["protocol"]
    if "json" in protocol:
        body = json.dumps({"__type": code, "message": message})
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", request_id)]
        return Response(status, (*headers, ("x-amzn-ErrorType", code)), body.encode())
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    match protocol:
        case "ec2":
            error = f"<Errors><Error>{inner}</Error></Errors>"
            body = f"<Response>{error}<RequestID>{request_id}</RequestID></Response>"
        case "query":
            error = f"<Error><Type>Sender</Type>{inner}</Error>"
            body = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
        case _:
            body = f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    return Response(
        status, (("Content-Type", "application/xml"), ("x-amz-request-id", request_id)), body.encode()
    )
