"""What a release holds: the same bytes each time, whole, and usable in an environment of its own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from prodfirst.kernel.paths import cache

_ROOT = Path(__file__).parents[1]
_EXTRAS = "aws,kubernetes,local"
_EPOCH = "1764547200"
"""Of the files' times in an archive, as the release workflow takes it from the commit."""


def _run(*command: str, folder: Path, **more: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _build(target: Path) -> tuple[Path, Path]:
    """Wheel and sdist."""
    build = (sys.executable, "-m", "hatchling", "build", "-d", str(target))
    _run(*build, folder=_ROOT, SOURCE_DATE_EPOCH=_EPOCH)
    return next(target.glob("*.whl")), next(target.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return _build(tmp_path_factory.mktemp("built"))


def test_two_builds_of_one_commit_are_equal(built: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = ([hashlib.sha256(path.read_bytes()).digest() for path in each]
                     for each in (built, _build(tmp_path)))  # fmt: skip
    assert first == second


def test_a_wheel_holds_what_runs_and_a_sdist_what_builds_it(built: tuple[Path, Path]) -> None:
    wheel, sdist = built
    inside = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "py.typed",
        "examples/starter/prodfirst.yaml",
        "examples/acme/stacks/shop/__main__.py",
        "adapters/pulumi/build/go.sum",
        "localcloud/kubernetes/build/go.mod",
        "localcloud/kubernetes/audit-policy.yaml",
    ):
        assert f"prodfirst/{name}" in inside
    assert not [name for name in inside if "__pycache__" in name or name.startswith("tests")]
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"Makefile", "constraints.txt", "tools/setup", "docs/tutorial.md", "NOTICES.md"} <= names


def test_an_empty_environment_takes_the_wheel_and_begins_an_estate(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    _run(sys.executable, "-m", "venv", "env", folder=tmp_path)
    pip = (str(tmp_path / "env" / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check")
    pins = ("--constraint", str(_ROOT / "constraints.txt"))
    _run(*pip, *pins, f"prodfirst[{_EXTRAS}] @ {built[0].as_uri()}", folder=tmp_path)
    program = str(tmp_path / "env" / "bin" / "prodfirst")
    own = {"PRODFIRST_CACHE": str(cache()), "HOME": str(tmp_path)}
    assert "nothing is missing" in _run(program, "doctor", folder=tmp_path, **own)
    _run(program, "init", "estate", folder=tmp_path, **own)
    assert "is valid" in _run(program, "validate", folder=tmp_path / "estate", **own)
    assert "current" in _run(program, "permissions", "check", folder=tmp_path / "estate", **own)
