"""Small estates on one local cloud: a few stacks with a program each, planned and applied by the command."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from acme_estate import Acme

HEADER = """\
version: 1
name: {name}
repository: github.com/acme/estate
environments:
  local:
    cloud: aws
    local: true
    account: "111122223333"
    region: eu-central-1
    zones: [eu-central-1a, eu-central-1b]
    backend: s3://{name}-state
teams:
  platform: {{ group: acme-platform }}
stacks:
"""
PROGRAM = """\
import pulumi
import pulumi_aws as aws
from prodfirst.contracts.program import boolean, number, publish, read, secret_reference

"""


@dataclass(frozen=True)
class Estate(Acme):
    """An estate whose programs a test writes."""

    def stack(self, name: str, program: str) -> None:
        """Write or rewrite the program of a stack."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "Pulumi.yaml").write_text(f"name: {self.folder.name}-{name}\nruntime: python\n")
        (folder / "__main__.py").write_text(PROGRAM + textwrap.dedent(program).lstrip())

    def lock(self, *stacks: str) -> None:
        """Write the permission locks of stacks as they are now; without names, of all."""
        self.run("permissions", "sync", *stacks)

    def change(self, name: str, program: str) -> None:
        """Another program for a stack, with its lock; its roles gain what it needs more, and lose nothing."""
        self.stack(name, program)
        if any(lock["added"] for lock in self.json("permissions", "sync", name)["locks"]):
            self.run("bootstrap")

    def reads(self, stacks: Mapping[str, Mapping[str, list[str]]]) -> None:
        """Write the estate's file: stack → what it reads."""
        lines = [
            f"  {name}: {{ layer: infrastructure, owner: platform, program: {name}, "
            f"reads: {_inline(reads)} }}\n"
            for name, reads in stacks.items()
        ]
        (self.folder / "prodfirst.yaml").write_text(HEADER.format(name=self.folder.name) + "".join(lines))

    def plan(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """The plan's deployments by stack."""
        plan = self.json("plan", *arguments, code=code)
        return {item["stack"]: item for item in plan["deployments"]}

    def apply(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """The results by stack."""
        result = self.json("apply", *arguments, code=code)
        return {item["deployment"].partition("/")[0]: item for item in result["deployments"]}


def operations(deployment: Mapping[str, Any]) -> dict[str, str]:
    """Name of each resource that is no part of a contract → what happens to it."""
    return {
        step["urn"].rsplit("::", 1)[1]: step["operation"]
        for step in deployment["steps"]
        if "prodfirst:contracts" not in step["urn"] and "pulumi:providers" not in step["urn"]
    }


def known(deployment: Mapping[str, Any]) -> dict[str, str]:
    """Each field that the deployment reads → how well it is known."""
    return {f"{read['stack']}.{read['field']}": read["knowledge"] for read in deployment["reads"]}


def _inline(reads: Mapping[str, list[str]]) -> str:
    parts = ", ".join(f"{stack}: [{', '.join(fields)}]" for stack, fields in reads.items())
    return f"{{ {parts} }}" if parts else "{}"


_NUMBERS = itertools.count()
"""Every estate has a name of its own: they share one local cloud."""


def bootstrapped(
    parent: Path,
    home: Path,
    reads: Mapping[str, Mapping[str, list[str]]],
    programs: Mapping[str, str],
    files: Mapping[str, str] | None = None,
) -> Estate:
    """An estate in a new folder below `parent`, with other `files` by name, ready to plan."""
    folder = parent / f"e{next(_NUMBERS)}"
    folder.mkdir()
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    estate = Estate(folder, home)
    estate.reads(reads)
    for name, program in programs.items():
        estate.stack(name, program)
    estate.lock()
    estate.run("bootstrap")
    return estate


@pytest.fixture(scope="session")
def cascade_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An installation with a local cloud that runs."""
    home = tmp_path_factory.mktemp("cascade") / "home"
    anybody = Acme.copy(tmp_path_factory.mktemp("anybody"))
    cloud = Acme(anybody.folder, home)
    cloud.run("local", "up")
    yield home
    cloud.run("local", "down")


@pytest.fixture
def make_estate(cascade_home: Path, tmp_path: Path) -> Callable[..., Estate]:
    """Makes a bootstrapped estate: `reads` as in `Estate.reads`, and a program per stack."""

    def make(reads: Mapping[str, Mapping[str, list[str]]], **programs: str) -> Estate:
        return bootstrapped(tmp_path, cascade_home, reads, programs)

    return make
