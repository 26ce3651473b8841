"""The aws provider under hard conditions, run as a program: the real one, on a slow or busy AWS.

`THROTTLED` is `OPERATION:TIMES`: so often EC2 answers that operation as it does under too many requests.
`NEVER_READY` makes every VPC one that never becomes available, `UNREADABLE` every log group one that its
maker may not look at.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

from botocore.awsrequest import AWSResponse

from prodfirst.providers import protocol
from prodfirst.providers.aws.__main__ import VERSION
from prodfirst.providers.aws.logs import LogGroup
from prodfirst.providers.aws.network import Vpc
from prodfirst.providers.aws.resource import Call, sdk
from prodfirst.providers.aws.server import Provider
from prodfirst.providers.aws.types import TYPES
from prodfirst.providers.schema import Data

_ANSWER = (
    b"<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message>"
    b"</Error></Errors><RequestID>1</RequestID></Response>"
)
"""Amazon EC2 API reference, query API request rate."""


class Body:
    """What a response is read from."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield _ANSWER


class NeverReady(Vpc):
    def settle(self, call: Call, id: str, inputs: Data) -> None:
        call.wait(f"vpc `{id}` available", lambda: False)


class Unreadable(LogGroup):
    def read(self, call: Call, id: str, known: Data) -> Data | None:
        raise PermissionError("you may not look at it")


def throttle(times: int) -> Callable[..., AWSResponse | None]:
    count = itertools.count(1)

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        return AWSResponse(request.url, 503, {}, Body()) if next(count) <= times else None

    return answer


def main() -> None:
    if setting := os.environ.get("THROTTLED"):
        operation, _, times = setting.partition(":")
        sdk().register(f"before-send.ec2.{operation}", throttle(int(times)))
    types = {**TYPES, Vpc.token: NeverReady()} if os.environ.get("NEVER_READY") else TYPES
    types = {**types, LogGroup.token: Unreadable()} if os.environ.get("UNREADABLE") else types
    protocol.run(Provider(types, VERSION))


if __name__ == "__main__":
    main()
