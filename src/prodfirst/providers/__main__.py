"""`python -m prodfirst.providers`: the packages of the local cloud behind one port, which it prints.

It serves until its standard input ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prodfirst.providers.stubs import without_the_sdk

if TYPE_CHECKING:
    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

_NEWEST = "7.51.1"
"""Of the originals that they stand for: aws 7.51.1, kubernetes 4.34.2."""


def main() -> None:
    """Serve one engine run."""
    without_the_sdk()
    from prodfirst.providers import protocol
    from prodfirst.providers.packages import Packages

    protocol.run(Packages({"aws": _aws, "kubernetes": _kubernetes}, _NEWEST))


def _aws() -> ResourceProviderServicer:
    from prodfirst.providers.aws.__main__ import provider

    return provider()


def _kubernetes() -> ResourceProviderServicer:
    from prodfirst.providers.kubernetes.__main__ import provider

    return provider()


if __name__ == "__main__":
    main()
