"""Which `pulumi` is used, and what a user hears where none can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodfirst.adapters.pulumi.tool import find_engine
from prodfirst.kernel.errors import Failure, InvalidInput


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it but a shell, and an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PRODFIRST_CACHE", str(tmp_path / "cache"))
    return folder


def _put(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_one_on_the_path_is_used(machine: Path) -> None:
    path = _put(machine, "pulumi", "echo v3.260.1")
    found = find_engine(pytest.fail)
    assert (found.path, found.version) == (path, "3.260.1")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo v3.100.0", "it is version 3.100.0; prodfirst needs 3.259.0 or newer, below 4"),
        ("echo v4.0.0", "it is version 4.0.0"),
        ("echo nonsense", "it does not say its version"),
        ("exit 1", "it does not say its version"),
    ],
)
def test_one_that_cannot_be_used_is_named_with_what_to_do(machine: Path, script: str, why: str) -> None:
    _put(machine, "pulumi", script)
    told: list[str] = []
    with pytest.raises(Failure) as caught:
        find_engine(told.append)
    assert why in str(caught.value)
    assert "install Pulumi 3.259.0 or newer, below 4, or Go" in str(caught.value)


def test_neither_pulumi_nor_go(machine: Path) -> None:
    with pytest.raises(Failure, match="no `pulumi` on the PATH, and no `go` to build one"):
        find_engine(pytest.fail)


def test_a_named_one_must_be_usable(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODFIRST_PULUMI", str(machine / "absent"))
    with pytest.raises(InvalidInput, match=r"PRODFIRST_PULUMI.*absent"):
        find_engine(pytest.fail)


def test_a_build_that_fails_shows_the_compiler_and_leaves_nothing(machine: Path, tmp_path: Path) -> None:
    _put(machine, "go", "echo 'no such module' >&2; exit 1")
    with pytest.raises(Failure, match="no such module"):
        find_engine(lambda _text: None)
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()] == ["lock"]


def test_one_is_built_once_and_found_afterwards(machine: Path, tmp_path: Path) -> None:
    go = _put(machine, "go", 'while [ "$1" != -o ]; do shift; done; : > "$2"; /bin/chmod 755 "$2"')
    told: list[str] = []
    first = find_engine(told.append)
    assert "once: about 3 minutes" in told[0]
    go.unlink()
    assert find_engine(pytest.fail) == first
    assert first.path == tmp_path / "cache" / "tools" / "pulumi-3.259.0" / "pulumi"
