"""Finds the binaries of a Kubernetes control plane, or builds them, before the tests would in silence."""

from __future__ import annotations

import sys

from prodfirst.cli import boundary
from prodfirst.localcloud.kubernetes.binaries import find_binaries


def _tell(text: str) -> None:
    print(text, flush=True)


def _find() -> None:
    found = find_binaries(_tell)
    _tell(f"kubernetes: {found.folder}, {found.version}")


if __name__ == "__main__":
    sys.exit(boundary.run(_find, as_json=False, debug=False))
