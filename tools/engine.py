"""Finds the Pulumi engine, or builds it, before the tests or the demo would do so in silence."""

from __future__ import annotations

import sys

from prodfirst.adapters.pulumi.tool import find_engine
from prodfirst.cli import boundary


def _tell(text: str) -> None:
    print(text, flush=True)


def _find() -> None:
    found = find_engine(_tell)
    _tell(f"engine: {found.path}, {found.version}")


if __name__ == "__main__":
    sys.exit(boundary.run(_find, as_json=False, debug=False))
