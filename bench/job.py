"""The life of the example, examples/acme without its identity stack, which comes before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cycle import Life, replacing, run
from measuring import Case

RUNS = 3
_EXAMPLE = Path(__file__).parent.parent / "examples" / "acme"
_STACKS = ("network", "storage", "database")
_STATEFUL = ("storage", "database")
_CIDR = '"10.20.0.0/16"'


@contextmanager
def cases() -> Iterator[Sequence[Case]]:
    """On a local cloud of its own; what is protected may be removed here."""
    with tempfile.TemporaryDirectory(prefix="bench-job-") as folder:
        root = Path(folder) / "acme"
        variables = {"PRODFIRST_HOME": str(Path(folder) / "home")}
        shutil.copytree(_EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
        for stack in _STATEFUL:
            settings = root / "stacks" / stack / "Pulumi.local.yaml"
            settings.write_text("config:\n  prodfirst:removable: this is a measurement\n")
        bucket = root / "stacks" / "storage" / "__main__.py"
        old = 'buckets=["documents"]'
        new = f'{old}, overrides={{"key.deletion_window_in_days": 20}}'
        try:
            for command in (("local", "up"), ("bootstrap",), ("apply", "--stack", "identity", "--yes")):
                run(root, variables, *command)
            life = Life(root, variables, _STACKS, replacing(bucket, old, new), replacing(bucket, new, old))
            yield life.cases()
        finally:
            run(root, variables, "local", "down")
