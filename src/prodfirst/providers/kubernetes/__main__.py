"""`python -m prodfirst.providers.kubernetes`: says its port, serves until standard input ends."""

from __future__ import annotations

from prodfirst.providers import protocol
from prodfirst.providers.kubernetes.server import Provider

VERSION = "4.34.2"
"""The version of the original that it stands for."""


def provider() -> Provider:
    """It serves one engine run."""
    return Provider(VERSION)


def main() -> None:
    """Serve one engine run."""
    protocol.run(provider())


if __name__ == "__main__":
    main()
