"""Deployments on the real engine: a program, a file backend, a passphrase, and the tiny provider."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.pending import pending_in
from prodfirst.adapters.pulumi.providers import ProviderCommand
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.adapters.pulumi.tool import EngineBinary, find_engine

PASSPHRASE = "correct-horse-battery"
PROVIDER = Path(__file__).parent / "tinyprovider.py"
SDK = """
import pulumi
from pulumi import ResourceOptions

class Thing(pulumi.CustomResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("tiny:index:Thing", name, {**props, "token": None}, opts)
"""


@dataclass(frozen=True)
class Deployment:
    """A stack `acme/dev` in a folder of its own."""

    folder: Path
    engine: Engine
    run: EngineRun

    def program(self, source: str) -> None:
        (self.folder / "program" / "__main__.py").write_text(
            "from sdk import *\n" + textwrap.dedent(source).lstrip()
        )

    def up(self, source: str) -> None:
        """Make the stack real as `source` has it."""
        self.program(source)
        outcome = self.engine.update(self.run)
        assert outcome.problems == ()

    def cloud(self) -> dict[str, Any]:
        """What exists behind the provider, by resource name."""
        files = (self.folder / "cloud").glob("*.json")
        return {file.name.rsplit("-", 1)[0]: json.loads(file.read_text()) for file in files}

    def cloud_file(self, name: str) -> Path:
        (file,) = (self.folder / "cloud").glob(f"{name}-*.json")
        return file

    def state(self) -> dict[str, Any]:
        file = self.folder / "state" / ".pulumi" / "stacks" / "acme" / "dev.json"
        checkpoint: dict[str, Any] = json.loads(file.read_text())
        return checkpoint

    def pending(self) -> tuple[str, ...]:
        """What the engine has written down that it is about to do."""
        return tuple(item.operation for item in pending_in(self.state()))

    def with_run(self, **changes: Any) -> Deployment:
        return replace(self, run=replace(self.run, **changes))


def once(condition: Callable[[], object], act: Callable[[], None]) -> threading.Thread:
    """Do something as soon as a condition holds, however slow the machine is."""

    def watch() -> None:
        deadline = time.monotonic() + 60
        while not condition():
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)
        act()

    watcher = threading.Thread(target=watch)
    watcher.start()
    return watcher


@pytest.fixture(scope="session")
def binary() -> EngineBinary:
    """Found or built as for a user."""
    return find_engine(lambda line: print(line, file=sys.stderr))


@pytest.fixture(scope="session")
def plugin_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pulumi-home")


@pytest.fixture
def unborn(tmp_path: Path, binary: EngineBinary, plugin_home: Path) -> Deployment:
    """A deployment without state."""
    for name in ("program", "state", "cloud"):
        (tmp_path / name).mkdir()
    (tmp_path / "program" / "Pulumi.yaml").write_text("name: acme\nruntime: python\n")
    (tmp_path / "program" / "sdk.py").write_text(SDK)
    provider = ProviderCommand(
        "tiny", (sys.executable, str(PROVIDER)), {"TINY_CLOUD": str(tmp_path / "cloud")}
    )
    run = EngineRun(
        program=tmp_path / "program",
        project="acme",
        stack="dev",
        root=tmp_path,
        config_file=tmp_path / "stacks" / "Pulumi.dev.yaml",
        backend_url=(tmp_path / "state").as_uri(),
        engine_environment={"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE},
        providers=(provider,),
        timeout=60.0,
    )
    return Deployment(tmp_path, Engine(binary, plugin_home), run)


@pytest.fixture(scope="session")
def born(tmp_path_factory: pytest.TempPathFactory, binary: EngineBinary, plugin_home: Path) -> Path:
    """An empty state and its config file, made once: `stack init` takes a second."""
    folder = tmp_path_factory.mktemp("born")
    run = EngineRun(
        program=folder,
        project="acme",
        stack="dev",
        root=folder,
        config_file=folder / "Pulumi.dev.yaml",
        backend_url=(folder / "state").as_uri(),
        engine_environment={"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE},
    )
    (folder / "state").mkdir()
    Engine(binary, plugin_home).init(run)
    return folder


@pytest.fixture
def deployment(unborn: Deployment, born: Path) -> Deployment:
    """A deployment with empty state."""
    config = unborn.run.config_file
    config.parent.mkdir()
    config.write_bytes((born / "Pulumi.dev.yaml").read_bytes())
    for file in (born / "state").rglob("*"):
        if file.is_file():
            copy = unborn.folder / "state" / file.relative_to(born / "state")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    return unborn


def processes_below(folder: Path) -> tuple[str, ...]:
    """Command lines of running processes that name `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (entry / "environ").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if int(entry.name) != os.getpid() and str(folder) in command + environment:
            found.append(command)
    return tuple(found)


@pytest.fixture(autouse=True)
def nothing_is_left_running(tmp_path: Path) -> Iterator[None]:
    yield
    assert processes_below(tmp_path) == ()
