"""Refusals of the gateway, each in the protocol of its service: who may not do what, and why.

Source of codes and words: IAM User Guide, "Troubleshoot access denied error messages"; EC2 API reference,
"Client error codes".
"""

from __future__ import annotations

import json
from uuid import uuid4
from xml.sax.saxutils import escape

from prodfirst.localcloud.aws import hosts, operation
from prodfirst.localcloud.aws.api import Response
from prodfirst.localcloud.aws.authorization.authorizer import Answer
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.signature import Denied


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


def denied(host: Host, caller: str, answer: Answer) -> Denied:
    """The refusal of a call because one of its actions on a resource was denied."""
    message = (
        f"User: {caller} is not authorized to perform: {answer.action} on resource: {answer.resource} "
        f"{answer.decision.reason}"
    )
    match operation.protocol(host):
        case "ec2":
            message = f"You are not authorized to perform this operation. {message}"
            return Denied("UnauthorizedOperation", message)
        case "json":
            return Denied("AccessDeniedException", message, 400)
        case "rest-json":
            return Denied("AccessDeniedException", message)
        case _:
            return Denied("AccessDenied", message)
