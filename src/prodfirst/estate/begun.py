"""What a new estate is made of, and where each fact in its file comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prodfirst.kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the file says, and where it comes from."""

    what: str
    value: str
    source: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A new estate."""

    file: Path
    template: str
    """Empty where it was written around projects that were there."""
    facts: tuple[Fact, ...]
    written: tuple[Path, ...]
    adopted: tuple[str, ...]
    """Names of the stacks whose projects were there."""
    notes: tuple[Problem, ...]
    """What was left out of adopted projects, and what to do about it."""
