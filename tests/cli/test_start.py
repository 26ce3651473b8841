"""The command helps, and imports nothing that it does not need for that; `make bench` times it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_runs import prodfirst

from prodfirst.cli.main import root

HEAVY = {"aiohttp", "boto3", "botocore", "cryptography", "grpc", "pulumi", "pydantic", "rich", "ruamel"}
COMMANDS = sorted(root.list_commands(None))  # type: ignore[arg-type]


def _imported(*arguments: str) -> set[str]:
    """The top-level modules that a command has imported at its end."""
    code = (
        "import sys; from prodfirst.cli import main\n"
        "try: main.main()\n"
        "finally: print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stderr.split())


def test_help_imports_nothing_heavy() -> None:
    assert not _imported("--help") & HEAVY


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    assert not _imported(command, "--help") & HEAVY


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str, tmp_path: Path) -> None:
    done = prodfirst(command, "--help", folder=tmp_path)
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert f"prodfirst {command}" in done.stdout


def test_help_lists_every_command_with_its_exit_codes(tmp_path: Path) -> None:
    done = prodfirst("--help", folder=tmp_path)
    assert all(f"  {command} " in done.stdout for command in COMMANDS)
    assert "0 clean, 1 findings, 2 usage or invalid estate, 3 failure" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_version(tmp_path: Path) -> None:
    assert prodfirst("--version", folder=tmp_path).stdout.startswith("prodfirst 0.")
