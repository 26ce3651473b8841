"""Digests of what a deployment is computed from: files and configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from prodfirst.planning.plan import Digest
from prodfirst.planning.state import canonical

_NOT_SOURCE = frozenset({"__pycache__", "node_modules", "venv"})


def folder_digest(folder: Path | None) -> Digest:
    """Over names and contents of all files below `folder`; None is the empty program.

    Left out: hidden files and folders, byte code, virtual environments, and Pulumi's stack files, which
    are configuration.
    """
    digest = hashlib.sha256()
    for path in sorted(_files(folder)) if folder else ():
        content = hashlib.sha256(path.read_bytes()).digest()
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + content)  # type: ignore[arg-type]
    return Digest(f"sha256:{digest.hexdigest()}")


def files_digest(root: Path, files: Iterable[str]) -> Digest:
    """Over names and contents of `files`, relative to `root`; one that is gone counts as that."""
    digest = hashlib.sha256()
    for name in sorted(files):
        try:
            content = hashlib.sha256((root / name).read_bytes()).digest()
        except FileNotFoundError:
            content = b"gone"
        digest.update(name.encode() + b"\0" + content)
    return Digest(f"sha256:{digest.hexdigest()}")


def installation_digest(folder: Path) -> Digest:
    """Over names, sizes and times of an installed package's files: quick, and another after each change."""
    listed = sorted(
        f"{path.relative_to(folder)} {status.st_size} {status.st_mtime_ns}"
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts and path.is_file() and (status := path.stat())
    )
    return text_digest("\n".join(listed))


def text_digest(text: str) -> Digest:
    """Over a text."""
    return Digest("sha256:" + hashlib.sha256(text.encode()).hexdigest())


def mapping_digest(data: Mapping[str, Any]) -> Digest:
    """Over configuration; secret values take part as ciphertext."""
    return Digest("sha256:" + hashlib.sha256(canonical(dict(data))).hexdigest())


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in _NOT_SOURCE:
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file() and not (path.name.startswith("Pulumi.") and path.name != "Pulumi.yaml"):
            yield path
