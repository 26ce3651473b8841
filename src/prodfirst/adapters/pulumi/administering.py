"""Engine commands about a deployment's state that run no program: init, export, import, cancel.

They have no `--config-file`, and write `Pulumi.STACK.yaml` beside `Pulumi.yaml`; so they run in a private
folder with a copy of the config file, which is written back when the engine has put a key into it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prodfirst.adapters.pulumi import faults
from prodfirst.adapters.pulumi.masking import Masker
from prodfirst.adapters.pulumi.running import (
    EngineRun,
    engine_environment,
    private_folder,
    scratch_file,
    secret_settings,
    text_of_file,
)
from prodfirst.adapters.pulumi.tool import EngineBinary
from prodfirst.kernel import processes
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.paths import private_dir

_LARGEST_CHECKPOINT = 512 * 1024 * 1024
_CONFIG_MODE = 0o600


def initialize(binary: EngineBinary, plugin_home: Path, run: EngineRun) -> None:
    """Make the deployment's empty state, and put the reference to its secrets key into the config file."""
    provider = ("--secrets-provider", run.secrets_provider) if run.secrets_provider else ()
    with _workspace(run) as folder:
        _command(binary, plugin_home, run, folder, ["stack", "init", run.stack, "--no-select", *provider])
        written = _config_file(folder, run)
        if written.exists() and written.read_bytes() != _content(run.config_file):
            replace_file(run.config_file, written.read_bytes())


def export(binary: EngineBinary, plugin_home: Path, run: EngineRun) -> Mapping[str, Any]:
    """The state as `pulumi stack export` gives it, secrets encrypted."""
    with _workspace(run) as folder:
        text = _command(binary, plugin_home, run, folder, ["stack", "export", "--stack", run.stack])
    exported: Mapping[str, Any] = json.loads(text)
    return exported


def import_state(binary: EngineBinary, plugin_home: Path, run: EngineRun, state: Mapping[str, Any]) -> None:
    """Replace the state with an exported one."""
    with _workspace(run) as folder:
        file = folder / "state.json"
        replace_file(file, json.dumps(state).encode())
        _command(
            binary,
            plugin_home,
            run,
            folder,
            ["stack", "import", "--stack", run.stack, "--file", str(file)],
        )


def cancel(binary: EngineBinary, plugin_home: Path, run: EngineRun) -> None:
    """Remove the locks of runs that were killed."""
    with _workspace(run) as folder:
        _command(binary, plugin_home, run, folder, ["cancel", "--yes", "--stack", run.stack])


def replace_file(file: Path, content: bytes) -> None:
    """Write `file` with mode 0600, whole or not at all."""
    private_dir(file.parent)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _CONFIG_MODE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _workspace(run: EngineRun) -> Iterator[Path]:
    with private_folder() as folder:
        (folder / "Pulumi.yaml").write_text(json.dumps({"name": run.project, "runtime": "python"}))
        if content := _content(run.config_file):
            replace_file(_config_file(folder, run), content)
        yield folder


def _config_file(folder: Path, run: EngineRun) -> Path:
    return folder / f"Pulumi.{run.stack}.yaml"


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def _command(
    binary: EngineBinary, plugin_home: Path, run: EngineRun, folder: Path, arguments: Sequence[str]
) -> bytes:
    """Run a command that no program takes part in, and return what it printed."""
    masker = Masker(secret_settings(run))
    with scratch_file() as stdout, scratch_file() as stderr:
        process = processes.start(
            [str(binary.path), *arguments, "--cwd", str(folder), "--non-interactive", "--color", "never"],
            environment=engine_environment(plugin_home, run, folder),
            stdout=stdout,
            stderr=stderr,
        )
        try:
            process.wait(run.timeout)
        except subprocess.TimeoutExpired as error:
            why = f"it took longer than {run.timeout:g} s"
            raise Failure(Problem(f"`pulumi {arguments[0]}` was ended", run.backend_url, why)) from error
        finally:
            code = processes.end(process)
        if code != 0:
            problem = faults.described(code, masker(text_of_file(stderr)).strip(), run)
            missing = code == faults.STACK_NOT_FOUND
            raise faults.StackMissing(problem) if missing else Failure(problem)
        stdout.seek(0)
        return stdout.read(_LARGEST_CHECKPOINT)
