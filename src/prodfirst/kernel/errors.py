"""What goes wrong, said so that the reader can act: what, where, why, and what to do next.

Style: lower case, the user's own words in backticks. A `Problem` is one thing wrong; a `ProdfirstError`
carries all of them at once. Only `cli/main.py` turns these into text and an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """DESIGN.md section 7."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    FAILURE = 3


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file that people write; `line` and `column` count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    what: str
    where: Position | str | None = None
    why: str = ""
    fix: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        tail = [f"  {label}: {text}" for label, text in (("why", self.why), ("next", self.fix)) if text]
        return "\n".join([head, *tail])


class ProdfirstError(Exception):
    """Problems that end a command; `exit_code` says how."""

    exit_code = ExitCode.FAILURE

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("an error needs at least one problem")
        # many deployments may fail of one cause, which is said once
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


class InvalidInput(ProdfirstError):
    """The user's file, option or argument is wrong: exit code 2."""

    exit_code = ExitCode.USAGE


class Failure(ProdfirstError):
    """Something outside the user's input failed: exit code 3."""


class Refused(ProdfirstError):
    """A guard, a stale plan or a missing approval stopped the run: exit code 1."""

    exit_code = ExitCode.FINDINGS
