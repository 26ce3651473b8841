"""One run of the engine: its providers, its program host, its event stream, and the end of all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from prodfirst.adapters.pulumi import project, providers
from prodfirst.adapters.pulumi.events import Event, EventStream, OnEvent
from prodfirst.adapters.pulumi.host import ProgramHost, hosting, interpreter_of_programs, not_started
from prodfirst.adapters.pulumi.masking import Masker
from prodfirst.adapters.pulumi.providers import Attached, ProviderCommand, attached
from prodfirst.adapters.pulumi.stopping import Ending, Stop, wait
from prodfirst.adapters.pulumi.tool import EngineBinary
from prodfirst.kernel import processes
from prodfirst.kernel.paths import private_dir

_HOST_START_SECONDS = 30.0
GRACE_SECONDS = 30.0
"""What running steps get after a timeout, unless a caller says otherwise."""
_KEPT_FROM_USER = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")


@dataclass(frozen=True, slots=True)
class EngineRun:
    """Everything that one engine run needs."""

    program: Path
    """The folder with `Pulumi.yaml`."""
    project: str
    stack: str
    root: Path
    """The repository: source positions are relative to it."""
    config_file: Path
    backend_url: str
    """Such as `file:///state` or `s3://bucket/prefix?region=R`; whatever Pulumi supports."""
    secrets_provider: str | None = None
    """Such as `awskms://KEY?region=R`; None for a passphrase. Used when the stack is made."""
    engine_environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Credentials, passphrase, proxy, CA: for the engine and the providers of this run alone."""
    providers: tuple[ProviderCommand, ...] = ()
    """Of a local environment only; empty means the ordinary plugins."""
    contracts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What other stacks publish for this one, as `contracts/program.py` takes it."""
    parallel: int | None = None
    timeout: float = 3600.0
    """Seconds for the whole run."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What an engine run left behind."""

    code: int
    ending: Ending
    events: tuple[Event, ...]
    host: ProgramHost
    host_code: int | None
    """Exit code of the program host, where it ended before it was told to."""
    output: str
    """What the program printed, both streams, masked and bounded."""
    errors: str
    """The engine's stderr, masked."""


def run_engine(
    binary: EngineBinary,
    plugin_home: Path,
    run: EngineRun,
    command: Sequence[str],
    *,
    empty: bool,
    approve: Callable[[], None] | None,
    on_event: OnEvent,
    stop: Stop,
    grace: float,
) -> Ended:
    """Run `pulumi COMMAND` for a program, watch it to its end, and leave nothing running."""
    providers.prepare(run.providers)  # the two prepare themselves side by side
    interpreter = interpreter_of_programs(Path(sys.executable) if empty else project.interpreter(run.program))
    masker = Masker(secret_settings(run))
    with private_folder() as folder:
        stream = EventStream(folder / "events", masker, on_event)
        stream.open()
        try:
            environment = engine_environment(plugin_home, run, folder)
            with (
                attached(run.providers, environment) as reachable,
                hosting(
                    interpreter,
                    root=run.root,
                    fifo=stream.path,
                    home=private_dir(folder / "home"),
                    empty=empty,
                    masker=masker,
                    approve=approve,
                    contracts=run.contracts,
                ) as (host, output, errors),
                scratch_file() as stderr,
            ):
                port = _port(host, errors)
                arguments = _arguments(run, command, port, stream.path)
                code, ending = _run(binary, arguments, environment, reachable, stderr, run, stop, grace)
                host.wait_for_reports(0.5)
                host_code = host.process.poll()
                host.end()
                stream.finish()
                return Ended(
                    code=code,
                    ending=ending,
                    events=tuple(stream.events),
                    host=host,
                    host_code=host_code,
                    output=masker(output.text() + errors.text()),
                    errors=masker(text_of_file(stderr)),
                )
        finally:
            stream.close()


def _run(
    binary: EngineBinary,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    reachable: Attached,
    stderr: IO[bytes],
    run: EngineRun,
    stop: Stop,
    grace: float,
) -> tuple[int, Ending]:
    process = processes.start(
        [str(binary.path), *arguments],
        environment={**environment, **reachable.environment()},
        pass_fds=reachable.lifelines,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        death_signal=signal.SIGINT,
    )
    try:
        ending = wait(process, stop, run.timeout, grace)
    finally:
        code = processes.end(process)
    return code, ending


def _arguments(run: EngineRun, command: Sequence[str], port: int, fifo: Path) -> tuple[str, ...]:
    verb, *options = command
    parallel = ("--parallel", str(run.parallel)) if run.parallel else ()
    return (
        verb,
        *("--cwd", str(run.program)),
        *("--stack", run.stack),
        *("--config-file", str(run.config_file)),
        *("--event-log", str(fifo)),
        f"--client=127.0.0.1:{port}",
        "--non-interactive",
        *("--color", "never"),
        *parallel,
        *options,
    )


def engine_environment(plugin_home: Path, run: EngineRun, folder: Path) -> Mapping[str, str]:
    """What the engine gets. With providers of ours it sees an empty home: no profile or plugin of the user's
    may decide anything in a rehearsal. Without, it is the user's own, and nothing of ours is added.
    """
    kept = {name: os.environ[name] for name in _KEPT_FROM_USER if name in os.environ}
    ours = {
        "PULUMI_HOME": str(plugin_home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # it would list every stack in the bucket, which an identity of one stack may not
        "PULUMI_DIY_BACKEND_NO_LEGACY_WARNING": "true",
        "PULUMI_BACKEND_URL": run.backend_url,
        # makes `--event-log` available
        "PULUMI_DEBUG_COMMANDS": "true",
    }
    if run.providers:
        ours["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        ours["HOME"] = str(private_dir(folder / "engine-home"))
    return {"LANG": "C.UTF-8", **kept, **ours, **run.engine_environment}


def secret_settings(run: EngineRun) -> tuple[str, ...]:
    """The values of this run's environment that no text may show."""
    marks = ("PASSPHRASE", "SECRET", "TOKEN", "PASSWORD")
    settings = [run.engine_environment, *(provider.environment for provider in run.providers)]
    return tuple(
        value
        for setting in settings
        for name, value in setting.items()
        if value and any(mark in name.upper() for mark in marks) and not name.upper().endswith("_FILE")
    )


def _port(host: ProgramHost, errors: processes.Collector) -> int:
    if port := host.wait_for_port(_HOST_START_SECONDS):
        return port
    code = host.end()
    raise not_started(errors.text().strip()[-2000:] or f"its process ended with code {code}")


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder of mode 0700 that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="prodfirst-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def scratch_file() -> Iterator[IO[bytes]]:
    """A file without a name: a writer may outlive us without a broken pipe, and nothing is left on disk."""
    with tempfile.TemporaryFile() as file:
        yield file


def text_of_file(file: IO[bytes], limit: int = 256 * 1024) -> str:
    """The first `limit` bytes of what a process wrote; what is no UTF-8 is replaced."""
    file.seek(0)
    return file.read(limit).decode(errors="replace")
