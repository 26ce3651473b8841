"""The main job from nothing: `prodfirst demo` on the whole example (issue 6: under 90 s once set up)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cycle import PROGRAM, run
from measuring import Case

RUNS = 3
_EXAMPLE = Path(__file__).parent.parent / "examples" / "acme"


@contextmanager
def cases() -> Iterator[Sequence[Case]]:
    """Each run on a local cloud of its own, which the run before has left up."""
    with tempfile.TemporaryDirectory(prefix="bench-demo-") as folder:
        root, home = Path(folder) / "acme", Path(folder) / "home"
        variables = {"PRODFIRST_HOME": str(home)}
        shutil.copytree(_EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))

        def afresh() -> None:
            run(root, variables, "local", "down")
            shutil.rmtree(home, ignore_errors=True)

        command = (PROGRAM, "demo", "--estate", "prodfirst.yaml", "--out", "proofs.json")
        try:
            yield (
                Case(
                    "demo, eight stacks",
                    command,
                    folder=root,
                    environment=variables,
                    aim_seconds=90.0,
                    before=afresh,
                ),
            )
        finally:
            run(root, variables, "local", "down")
