"""How long `prodfirst` takes to say anything at all (issue 3: under 150 ms)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measuring import Case

PRODFIRST = str(Path(sys.executable).parent / "prodfirst")

RUNS = 20


@contextmanager
def cases() -> Iterator[Sequence[Case]]:
    """`--help` and the help of a command, over the interpreter alone."""
    yield (
        Case("interpreter", (sys.executable, "-c", "pass")),
        Case("prodfirst --help", (PRODFIRST, "--help"), floor="interpreter", aim_seconds=0.15),
        Case("prodfirst plan --help", (PRODFIRST, "plan", "--help"), floor="interpreter", aim_seconds=0.15),
    )
