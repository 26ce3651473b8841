"""Pages that are made: written, or with `--check` on the command line only looked at."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def settle(folder: Path, pages: Mapping[str, str]) -> int:
    """Texts by file name: 0, or 1 where `--check` finds one that is not as it would be made now."""
    stale = {name: text for name, text in pages.items() if not _is(folder / name, text)}
    if "--check" in sys.argv[1:]:
        if stale:
            print(f"stale: {', '.join(stale)}; next: make reference", file=sys.stderr)
        return 1 if stale else 0
    for name, text in stale.items():
        (folder / name).write_text(text)
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text
