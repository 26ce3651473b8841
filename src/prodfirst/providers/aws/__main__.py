"""`python -m prodfirst.providers.aws`: prints its port, and serves until its parent closes standard input."""

from __future__ import annotations

from prodfirst.providers import protocol
from prodfirst.providers.aws.server import Provider
from prodfirst.providers.aws.types import TYPES

VERSION = "7.51.1"
"""The version of the original that it stands for."""


def provider() -> Provider:
    """It serves one engine run."""
    return Provider(TYPES, VERSION)


def main() -> None:
    """Serve one engine run."""
    protocol.run(provider())


if __name__ == "__main__":
    main()
