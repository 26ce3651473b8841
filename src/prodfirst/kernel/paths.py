"""Where prodfirst keeps what is not in the checkout, by the XDG base directory rules.

`PRODFIRST_HOME` and `PRODFIRST_CACHE` replace the two roots; tests use that to stay apart.
"""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """State of this installation: the local cloud, stack files of local environments, plans. Mode 0700."""
    return _root("PRODFIRST_HOME", "XDG_DATA_HOME", ".local/share")


def cache() -> Path:
    """What can be built again: tools, fingerprints. Shared by all checkouts of this user."""
    return _root("PRODFIRST_CACHE", "XDG_CACHE_HOME", ".cache")


def private_dir(path: Path) -> Path:
    """Make `path` with mode 0700 on every part that is missing, and return it."""
    if not path.is_dir():
        private_dir(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600, whole or not at all."""
    partial = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
    partial.replace(path)


def _root(own: str, xdg: str, fallback: str) -> Path:
    if value := os.environ.get(own):
        return Path(value)
    base = os.environ.get(xdg)
    return (Path(base) if base else Path.home() / fallback) / "prodfirst"
