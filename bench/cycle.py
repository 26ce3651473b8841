"""The life of an estate, from nothing to nothing again, each command against its engine runs in turn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measuring import Case

PROGRAM = str(Path(sys.executable).parent / "prodfirst")
_SERIAL = str(Path(__file__).parent / "serial.py")


_ESTATE = """\
version: 1
name: {name}
repository: github.com/bench/{name}
environments:
  local:
    cloud: aws
    local: true
    account: "111122223333"
    region: eu-central-1
    zones: [eu-central-1a]
    backend: s3://{name}-state
teams:
  platform: {{ group: platform }}
stacks:
"""


def estate_file(name: str, entries: Iterable[str]) -> str:
    """The file of an estate with one local environment and one owner; `entries` are lines of its stacks."""
    return _ESTATE.format(name=name) + "".join(entries)


def entry(stack: str, more: str = "") -> str:
    """Of a stack whose program's folder has its name."""
    return f"  {stack}: {{ layer: infrastructure, owner: platform, program: {stack}{more} }}\n"


@dataclass(frozen=True)
class Life:
    """An estate in a folder, bootstrapped, with nothing of `stacks` there yet."""

    root: Path
    variables: Mapping[str, str]
    stacks: tuple[str, ...]
    change: Callable[[], None]
    """Changes one program; `restore` takes it back."""
    restore: Callable[[], None]

    def cases(self) -> Sequence[Case]:
        """One round of them leaves the estate as it was."""
        return (
            self._in_turn("preview", "engine runs: first preview"),
            self._case("first plan", "plan", floor="engine runs: first preview"),
            self._case("apply", "apply", "--yes", floor="engine runs: update"),
            self._in_turn("preview", "engine runs: preview"),
            self._case("no-op plan", "plan", floor="engine runs: preview", aim=0.5, before=self._plan),
            self._case("one-stack change", "plan", floor="engine runs: preview", before=self.change),
            self._case("destroy", "destroy", "--yes", floor="engine runs: removal", before=self.restore),
            self._in_turn("update", "engine runs: update"),
            self._in_turn("destroy", "engine runs: removal"),
        )

    def _case(
        self,
        name: str,
        *arguments: str,
        floor: str,
        aim: float | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> Case:
        verb, *options = arguments
        named = [f"--stack={stack}" for stack in self.stacks] if verb == "apply" else self.stacks
        command = (PROGRAM, verb, *named, *options)
        return Case(name, command, self.root, self.variables, floor=floor, aim_seconds=aim, before=before)

    def _in_turn(self, verb: str, name: str) -> Case:
        command = (sys.executable, _SERIAL, verb, str(self.root), *self.stacks)
        return Case(name, command, self.root, self.variables)

    def _plan(self) -> None:
        run(self.root, self.variables, "plan", *self.stacks)


def run(root: Path, variables: Mapping[str, str], *arguments: str) -> None:
    """A command that sets the stage. Raises RuntimeError where it fails."""
    environment = {**os.environ, **variables}
    done = subprocess.run(
        [PROGRAM, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"`prodfirst {' '.join(arguments)}` failed: {done.stdout}{done.stderr}")


def replacing(path: Path, old: str, new: str) -> Callable[[], None]:
    """What puts `new` in place of `old` in a file. Raises ValueError where `old` is not there."""

    def replace() -> None:
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{path.name} does not hold `{old}`")
        path.write_text(text.replace(old, new))

    return replace
