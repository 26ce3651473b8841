"""What the local cloud adds to a service of the AWS API behind the gateway."""

from __future__ import annotations

from typing import Protocol

from prodfirst.localcloud.aws.api import Response
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.operation import Operation
from prodfirst.localcloud.aws.signature import Request


class Addition(Protocol):
    """Stands around one service: before a call reaches the API, and before its answer reaches the caller."""

    async def refuse(self, host: Host, called: Operation, request: Request) -> Response | None:
        """The answer to a call that AWS refuses and the API would not; None for any other."""

    async def complete(self, host: Host, called: Operation, request: Request, response: Response) -> Response:
        """The answer as AWS gives it."""
