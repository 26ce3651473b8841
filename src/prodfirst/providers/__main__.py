"""`python -m prodfirst.providers`: the packages of the local cloud behind one port, which it prints.

It serves until its standard input ends.
"""

from __future__ import annotations

from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from prodfirst.providers import protocol
from prodfirst.providers.packages import Packages


def main() -> None:
    """Serve one engine run."""
    protocol.run(Packages({"aws": _aws, "kubernetes": _kubernetes}))


def _aws() -> ResourceProviderServicer:
    from prodfirst.providers.aws.__main__ import provider

    return provider()


def _kubernetes() -> ResourceProviderServicer:
    from prodfirst.providers.kubernetes.__main__ import provider

    return provider()


if __name__ == "__main__":
    main()
