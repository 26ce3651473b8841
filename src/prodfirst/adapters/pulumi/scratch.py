"""A deployment that does not exist yet is previewed against an empty scratch backend: nothing is written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.kernel.paths import home, private_dir


@contextmanager
def scratch(engine: Engine, run: EngineRun) -> Iterator[EngineRun]:
    """The same run on an empty backend in a private folder, with the same configuration and secrets key."""
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=private_dir(home() / "tmp")) as folder:
        nowhere = replace(run, backend_url=f"file://{folder}")
        engine.init(nowhere)
        yield nowhere
