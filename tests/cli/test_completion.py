"""Completion in the shells themselves, where they are installed: of commands, options, the estate's names."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import estate_layouts
import pytest
from command_runs import environment, prodfirst

_BASH = """
eval "$(prodfirst completion bash)"
read -ra COMP_WORDS <<< "$1"
[[ "$1" != *' ' ]] || COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
spec=($(complete -p prodfirst))
for index in "${!spec[@]}"; do [[ ${spec[index]} != -F ]] || "${spec[index + 1]}" prodfirst; done
printf '%s\\n' "${COMPREPLY[@]}"
"""
_FISH = 'prodfirst completion fish | source; complete --do-complete "$argv[1]"'
_ZSH = """
autoload -Uz compinit && compinit -u -d "$HOME/.zcompdump"
eval "$(prodfirst completion zsh)"
_describe() { local -a rows; rows=("${(@P)3}"); print -rl -- "${rows[@]%%:*}" }
compadd() { local -a rows; rows=("${(@P)argv[-1]}"); print -rl -- "${rows[@]}" }
words=("${(@s: :)1}") CURRENT=${#words}
_prodfirst_completion
"""
"""What zsh's completion system does with the answer is replaced: it works in a line editor alone."""

CASES = [
    ("prodfirst pl", ["plan"]),
    ("prodfirst plan st", ["storage"]),
    ("prodfirst plan storage ", ["network", "shop"]),
    ("prodfirst plan storage --env ", ["local"]),
    ("prodfirst local st", ["status"]),
    ("prodfirst plan --detail", ["--detailed-exitcode"]),
    ("prodfirst apply --stack net", ["network"]),
    ("prodfirst outputs st", ["storage"]),
    ("prodfirst bootstrap l", ["local"]),
    ("prodfirst isolation --as storage/", ["storage/plan", "storage/apply"]),
    ("prodfirst local exec --as shop/", ["shop/plan", "shop/apply", "shop/workload"]),
    ("prodfirst completion z", ["zsh"]),
]

Complete = Callable[[str], list[str]]


@pytest.fixture(params=["bash", "zsh", "fish"])
def complete(request: pytest.FixtureRequest, tmp_path: Path) -> Complete:
    """What a shell offers for the last word of a line, in the folder of an estate."""
    shell = str(request.param)
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    estate_layouts.write(tmp_path, "network:infrastructure", "storage:infrastructure", "shop:applications")
    script = {
        "bash": ("--norc", "-c", _BASH, "bash"),
        "zsh": ("-f", "-c", _ZSH, "zsh"),
        "fish": ("--no-config", "-c", _FISH),
    }
    own = environment(tmp_path)
    own["PATH"] = f"{Path(sys.executable).parent}:{own['PATH']}"

    def ask(line: str) -> list[str]:
        command = (program, *script[shell], line)
        done = subprocess.run(
            command, cwd=tmp_path, env=own, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        return [row.partition("\t")[0] for row in done.stdout.splitlines() if row]

    return ask


@pytest.mark.parametrize(("line", "offered"), CASES)
def test_a_shell_offers_commands_options_and_the_names_of_the_estate(
    complete: Complete, line: str, offered: list[str]
) -> None:
    assert sorted(complete(line)) == sorted(offered)


def test_an_estate_that_is_not_valid_offers_no_name_and_says_nothing(
    complete: Complete, tmp_path: Path
) -> None:
    (tmp_path / "prodfirst.yaml").write_text("version: 2\n")
    assert complete("prodfirst outputs st") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(tmp_path: Path, shell: str) -> None:
    done = prodfirst("completion", shell, folder=tmp_path)
    assert done.returncode == 0
    assert f"_PRODFIRST_COMPLETE={shell}_complete" in done.stdout
