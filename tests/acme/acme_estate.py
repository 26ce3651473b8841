"""A copy of the example, and `prodfirst` run on it as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pg8000.native
import pytest
from ruamel.yaml import YAML

BASE = ("identity", "network", "storage", "database")
"""What most tests need of the example; a cluster and what is in it take twice as long."""
WHOLE = (*BASE, "cluster", "platform", "shop", "blog")
"""All of it, for tests of the cluster, of applications and of the demo."""
REMOVABLE = Path("stacks") / "storage" / "Pulumi.local.yaml"
"""In a copy, `storage` is not protected from removal."""
SAFE = 'Storage("data", buckets=["documents"])'
"""What the program of `storage` says; tests change it."""
EXAMPLE = Path(__file__).parents[2] / "examples" / "acme"


def removable(program: Path) -> None:
    """Let a local stack be removed: its protections against that are off, with a reason."""
    (program / REMOVABLE.name).write_text("config:\n  prodfirst:removable: tests remove this stack\n")


@dataclass(frozen=True)
class Acme:
    """One estate in a folder, with an installation of its own."""

    folder: Path
    home: Path

    @classmethod
    def copy(cls, folder: Path, stacks: Iterable[str] = BASE) -> Acme:
        """The example with some of its stacks alone."""
        shutil.copytree(EXAMPLE, folder / "acme", ignore=shutil.ignore_patterns("__pycache__"))
        _keep(folder / "acme", set(stacks))
        if (folder / "acme" / REMOVABLE).parent.exists():
            removable(folder / "acme" / REMOVABLE.parent)
        return cls(folder / "acme", folder / "home")

    def run(self, *arguments: str, code: int = 0, seconds: float = 300, **variables: str) -> str:
        """Standard output of one command that must end with `code`; standard error follows on a failure."""
        out, errors = self.both(*arguments, code=code, seconds=seconds, **variables)
        return out + (errors if code else "")

    def both(self, *arguments: str, code: int = 0, seconds: float = 300, **variables: str) -> tuple[str, str]:
        """Standard output and standard error of one command that must end with `code`."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / "prodfirst"), *arguments],
            cwd=self.folder,
            env={**os.environ, "PRODFIRST_HOME": str(self.home), "NO_COLOR": "1", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout, done.stderr

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that goes on while the test does something else; its standard error is a pipe."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "prodfirst"), *arguments],
            cwd=self.folder,
            env={**os.environ, "PRODFIRST_HOME": str(self.home), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).split("\nerror:")[0])

    def aws(self, *arguments: str) -> Any:
        """The ordinary `aws` command, as the administrator of the local cloud."""
        command = str(Path(sys.executable).parent / "aws")
        out = self.run("local", "exec", "--", command, *arguments, "--output", "json")
        return json.loads(out) if out.strip() else None

    def identity(self, name: str) -> dict[str, str]:
        """The environment of a process under a stack's identity, such as `network/plan`."""
        listed = self.run("local", "exec", "--as", name, "--", "env")
        return dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)

    def edit(self, stack: str, old: str, new: str) -> None:
        path = self.folder / "stacks" / stack / "__main__.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))


def _keep(folder: Path, stacks: set[str]) -> None:
    """Take the other stacks out of a copy."""
    yaml, file = YAML(), folder / "prodfirst.yaml"
    estate = yaml.load(file.read_text())
    for stack in set(estate["stacks"]) - stacks:
        shutil.rmtree(folder / estate["stacks"].pop(stack)["program"])
        (folder / "permissions" / f"{stack}.lock.json").unlink(missing_ok=True)  # identity has none
    with file.open("w") as stream:
        yaml.dump(estate, stream)


def applied(estate: Acme) -> None:
    """From nothing to an estate that is there."""
    estate.run("local", "up")
    estate.run("bootstrap")
    # no stack has identities before this one made them
    estate.run("apply", "--stack", "identity", "--yes")
    estate.run("plan", "--out", "plan.json")
    estate.run("apply", "plan.json", seconds=600)


def answered(found: Mapping[str, Any], secret: Mapping[str, str], query: str) -> Any:
    """The rows that the database answers: `found` are the outputs of its stack, `secret` says who asks."""
    with pg8000.native.Connection(
        secret["username"],
        password=secret["password"],
        host=found["endpoint"],
        port=found["port"],
        database=found["database"],
    ) as connection:
        return connection.run(query)


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    """The example's base, bootstrapped and applied."""
    estate = Acme.copy(tmp_path_factory.mktemp("acme"))
    try:
        applied(estate)
        yield estate
    finally:
        estate.run("local", "down")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    """The example with its cluster and applications, applied in an installation of its own."""
    estate = Acme.copy(tmp_path_factory.mktemp("whole"), WHOLE)
    try:
        applied(estate)
        yield estate
    finally:
        estate.run("local", "down")
