"""`make setup` says what is missing on a machine, and what to do about it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup", tmp_path / "tools")
    return tmp_path


def _setup(checkout: Path, interpreter: str) -> subprocess.CompletedProcess[str]:
    """Run the script with an interpreter that is the given shell script."""
    stub = checkout / "stub-python"
    stub.write_text(f"#!/bin/sh\n{interpreter}\n")
    stub.chmod(0o755)
    return subprocess.run(
        ["bash", "tools/setup"],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(stub)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_python_that_is_too_old(checkout: Path) -> None:
    done = _setup(checkout, "exit 1")
    assert done.returncode == 2
    assert done.stderr.startswith("error: no Python 3.11 or newer among: ")
    assert "make PYTHON=/path/to/python3.12 setup" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv(checkout: Path) -> None:
    done = _setup(checkout, 'case "$*" in *venv*) exit 1;; *) exit 0;; esac')
    assert done.returncode == 2
    assert "apt-get install python3-venv" in done.stderr


def test_packages_that_cannot_be_had(checkout: Path) -> None:
    fake_venv = 'mkdir -p .venv/bin; cp "$0" .venv/bin/python'
    fails = f'case "$*" in "-m venv"*) {fake_venv};; *pip*) echo "ERROR: no route" >&2; exit 1;; esac'
    done = _setup(checkout, fails)
    assert done.returncode == 2
    assert "ERROR: no route" in done.stderr
    assert "run make setup again" in done.stderr
    assert not (checkout / ".venv" / ".installed").exists()
