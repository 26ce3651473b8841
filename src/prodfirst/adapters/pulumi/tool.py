"""The engine binary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EngineBinary:
    """A `pulumi` that may be used."""

    path: Path
    version: str
    """Such as `3.259.0`."""


def find_engine(progress: object) -> EngineBinary:
    return EngineBinary(Path.home() / ".cache/prodfirst/tools/pulumi-3.259.0/pulumi", "3.259.0")
