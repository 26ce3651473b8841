"""Providers of ours, attached to one engine run: started by command, their first line is the port."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType

from prodfirst.adapters.pulumi.preparing import prepared
from prodfirst.kernel import processes
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.prepared import Preparation, Prepared, Unprepared

_LONGEST_FIRST_LINE = 64
_BARE: Mapping[str, str] = MappingProxyType({"LANG": "C.UTF-8"})


@dataclass(frozen=True, slots=True)
class ProviderCommand:
    """How to start a provider. It ends when its stdin does; it logs to stderr."""

    package: str
    """Base name of the package, such as `aws`."""
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Credentials and endpoints of this run, beside what the engine gets."""
    start_seconds: float = 30.0
    """How long it may take to say its port."""
    others: tuple[str, ...] = ()
    """More packages that the same process answers for."""
    imports: tuple[str, ...] = ()
    """Where `command` is `PYTHON -m MODULE`: what a prepared interpreter imports, to start it as a fork."""


@dataclass(frozen=True, slots=True)
class Attached:
    """The providers of a run, started."""

    lifelines: tuple[int, ...]
    """Write ends of the providers' stdin. The engine inherits them, so that a provider outlives a killed
    parent until the engine has saved its last step."""
    _ports: tuple[Callable[[], Mapping[str, int]], ...]

    def environment(self) -> Mapping[str, str]:
        """How the engine reaches them; waits until each has said its port. Raises Failure."""
        ports = [f"{package}:{port}" for said in self._ports for package, port in said().items()]
        return {"PULUMI_DEBUG_PROVIDERS": ",".join(ports)} if ports else {}


@contextmanager
def attached(commands: tuple[ProviderCommand, ...], environment: Mapping[str, str]) -> Iterator[Attached]:
    """Start all, and end them with their groups afterwards."""
    with ExitStack() as stack:
        started = [(command, *_start(command, environment, stack)) for command in commands]
        begun = time.monotonic()
        yield Attached(
            tuple(lifeline for *_, lifeline in started),
            tuple(
                partial(_ports, command, process, errors, begun + command.start_seconds)
                for command, process, errors, _ in started
            ),
        )


def _start(
    command: ProviderCommand, environment: Mapping[str, str], stack: ExitStack
) -> tuple[processes.Process, processes.Collector, int]:
    reading, lifeline = os.pipe()
    stack.callback(os.close, lifeline)
    try:
        process = _process(command, {**environment, **command.environment}, reading)
    except (OSError, Unprepared) as error:
        raise _not_started(command, str(error)) from error
    finally:
        os.close(reading)
    stack.callback(processes.end, process)
    if process.stderr is None:
        raise RuntimeError("the provider was started without a pipe")
    return process, processes.Collector(process.stderr), lifeline


def _process(command: ProviderCommand, environment: Mapping[str, str], stdin: int) -> processes.Process:
    if not command.imports:
        return processes.start(command.command, environment=environment, stdin=stdin)
    return _interpreter(command).start(command.command[1:], environment=environment, stdin=stdin)


def _interpreter(command: ProviderCommand) -> Prepared:
    """It has no credentials: each fork gets those of its run."""
    return prepared(Path(command.command[0]), _BARE, Preparation(command.imports))


def prepare(commands: tuple[ProviderCommand, ...]) -> None:
    """Begin to prepare what they are forks of, so that it is ready when they are started."""
    for command in commands:
        if command.imports:
            _interpreter(command)


def _ports(
    command: ProviderCommand,
    process: processes.Process,
    errors: processes.Collector,
    deadline: float,
) -> Mapping[str, int]:
    line = _first_line(process, deadline)
    if line.strip().isdigit():
        if process.stdout is not None:
            processes.Collector(process.stdout, limit=0)
        return dict.fromkeys((command.package, *command.others), int(line))
    ended = process.poll() is not None
    what_came = f"its first line was `{line.strip()}`" if line else "it said nothing"
    raise _not_started(
        command, errors.text(0.5).strip()[-2000:] or ("it ended at once" if ended else what_came)
    )


def _not_started(command: ProviderCommand, why: str) -> Failure:
    return Failure(
        Problem(
            what=f"the `{command.package}` provider did not start",
            why=why,
            fix=f"run it by hand: `{' '.join(command.command)}`",
        )
    )


def _first_line(process: processes.Process, deadline: float) -> str:
    if process.stdout is None:
        return ""
    line = b""
    while not line.endswith(b"\n") and len(line) < _LONGEST_FIRST_LINE:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(process.stdout.fileno(), 1) if ready else b""
        if not chunk:
            break
        line += chunk
    return line.decode(errors="replace")
