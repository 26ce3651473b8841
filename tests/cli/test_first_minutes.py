"""What somebody is told who does the right things in the wrong order, on an estate made by `init`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_runs import PROGRAM, environment

from prodfirst.kernel.paths import cache
from prodfirst.localcloud.lifecycle import LocalCloud


@dataclass(frozen=True)
class Newcomer:
    """Somebody with a new estate, and no shell set up for it."""

    home: Path

    def types(self, *arguments: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
        own = environment(self.home, PATH=path, PRODFIRST_CACHE=str(cache()), COLUMNS="80")
        return subprocess.run(
            [*PROGRAM, *arguments],
            cwd=self.home / "shop",
            env=own,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """With an estate, and nothing else."""
    somebody = Newcomer(tmp_path_factory.mktemp("newcomer"))
    (somebody.home / "shop").mkdir()
    done = somebody.types("init")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    yield somebody
    LocalCloud(somebody.home / "prodfirst" / "local").down()


_READING = [("status",), ("outputs", "storage"), ("plan",), ("drift",), ("isolation",), ("destroy", "--yes")]


def test_without_the_local_cloud_each_command_says_so_once(newcomer: Newcomer) -> None:
    for command in _READING:
        told = newcomer.types(*command).stderr
        assert told.count("error: the local cloud is not running") == 1, told
        assert told.count("next: run `prodfirst local up`") == 1, told


def test_without_bootstrap_each_command_says_so_once_and_what_to_do(newcomer: Newcomer) -> None:
    up = newcomer.types("local", "up")
    assert "next: prodfirst bootstrap\n" in up.stderr
    for command in (*_READING, ("local", "exec", "--as", "app/apply", "--", "true")):
        done = newcomer.types(*command)
        assert done.returncode == 3, command
        assert done.stderr.count("environment `local` is not bootstrapped") == 1, done.stderr
        assert done.stderr.count("next: run `prodfirst bootstrap local`\n") == 1, done.stderr
        assert "InvalidIdentityToken" not in done.stderr


def test_bootstrap_lists_each_thing_once_and_says_what_comes_next(newcomer: Newcomer) -> None:
    done = newcomer.types("bootstrap")
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert len(rows) == len(set(rows)) == 8
    assert {row.split()[0] for row in rows} == {"made"}
    assert len({row.index(row.split()[-1]) for row in rows}) == 1
    assert done.stderr == ("next: prodfirst apply --stack identity, then prodfirst plan --out plan.json\n")
    again = newcomer.types("bootstrap")
    assert {row.split()[0] for row in again.stdout.splitlines()} == {"checked"}
    assert again.stderr == ""


def test_before_identity_is_applied_each_command_says_that_it_comes_first(newcomer: Newcomer) -> None:
    for command in (
        ("status",),
        ("outputs", "storage"),
        ("local", "exec", "--as", "app/apply", "--", "true"),
    ):
        done = newcomer.types(*command)
        assert done.returncode == 3, command
        assert "has no identities yet" in done.stderr, done.stderr
        assert "`prodfirst apply --stack identity`" in done.stderr


def test_exec_finds_the_commands_that_came_with_prodfirst_after_those_of_the_user(
    newcomer: Newcomer, tmp_path: Path
) -> None:
    own = newcomer.types("local", "exec", "--", "aws", "--version", path=str(tmp_path))
    assert own.stdout.startswith("aws-cli/"), own.stderr
    checked = newcomer.types("doctor", path=str(tmp_path)).stdout
    assert str(Path(sys.executable).parent / "aws") in checked
    assert "not on the PATH" in checked

    (tmp_path / "aws").write_text("#!/bin/sh\necho the one of the user\n")
    (tmp_path / "aws").chmod(0o700)
    users = newcomer.types("local", "exec", "--", "aws", "--version", path=str(tmp_path))
    assert users.stdout == "the one of the user\n"
