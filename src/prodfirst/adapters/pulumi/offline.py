"""A preview with no credentials and no network: every package is answered by the offline provider.

It carries what must be computed from the program alone: lock files, the plan of an untrusted pull request.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prodfirst.adapters.pulumi.engine import Engine, Preview
from prodfirst.adapters.pulumi.project import interpreter
from prodfirst.adapters.pulumi.providers import ProviderCommand
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.adapters.pulumi.scratch import scratch
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.paths import home, private_dir

_MISSING_PLUGIN = re.compile(r"resource plugin '?(?:pulumi-resource-)?([A-Za-z][\w-]*)")
"""How the engine (v3.259.0) names a package for which it has neither plugin nor attached provider."""
_ALWAYS = ("aws",)
"""A run needs one attached provider at least: it is what keeps the engine from looking for plugins."""
_PACKAGES_AT_MOST = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What one invoke is answered with."""

    token: str
    arguments: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Something that the program asked and that offline nobody knows."""

    kind: str
    """`invoke`, `call` (a method of a resource), or `component` (made by a plugin)."""
    token: str
    arguments: Mapping[str, Any]


class Incomplete(Failure):
    """The program cannot be run to its end offline, so nothing that follows from it is whole."""


def preview_offline(engine: Engine, run: EngineRun, answers: tuple[Answer, ...]) -> Preview:
    """The preview of a first update: an empty scratch backend, a key that nobody keeps, no credentials.

    Raises Incomplete where the program asks what is not among `answers`.
    """
    with tempfile.TemporaryDirectory(prefix="offline-", dir=private_dir(home() / "tmp")) as name:
        folder = Path(name)
        (folder / "answers.json").write_text(json.dumps([_entry(item) for item in answers]))
        report = folder / "report"
        # the engine writes the salt of its key into the file; the next run has another key
        config = folder / run.config_file.name
        config.write_bytes(run.config_file.read_bytes())
        cut_off = replace(
            run,
            config_file=config,
            secrets_provider=None,
            engine_environment={"PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(16)},
        )
        try:
            preview = _with_all_packages(engine, cut_off, folder)
        except Failure as error:
            _raise_unanswered(report, run, error)
            raise
        _raise_unanswered(report, run, None)
        return preview


def packages_of(program: Path) -> tuple[str, ...]:
    """The Pulumi packages that the program's interpreter has, by the file each carries for Pulumi itself."""
    found = {_package(file) for folder in _site_folders(program) for file in _plugin_files(folder)}
    return tuple(sorted(found))


def _with_all_packages(engine: Engine, run: EngineRun, folder: Path) -> Preview:
    """Attach what is installed; where a program names a package that is not, attach that and run again."""
    packages = tuple(dict.fromkeys((*_ALWAYS, *packages_of(run.program))))
    while True:
        attached = replace(run, providers=(_provider(packages, folder),))
        try:
            with scratch(engine, attached) as nowhere:
                return engine.preview(nowhere)
        except Failure as error:
            named = _MISSING_PLUGIN.search(str(error))
            if named is None or named[1] in packages or len(packages) >= _PACKAGES_AT_MOST:
                raise
            packages = (*packages, named[1])
            (folder / "report").unlink(missing_ok=True)


def _provider(packages: tuple[str, ...], folder: Path) -> ProviderCommand:
    first, *others = packages
    command = (sys.executable, "-m", "prodfirst.providers.offline")
    files = (str(folder / "answers.json"), str(folder / "report"))
    return ProviderCommand(first, (*command, *files), others=tuple(others))


def _raise_unanswered(report: Path, run: EngineRun, error: Failure | None) -> None:
    unanswered = tuple(_unanswered(report))
    if unanswered:
        raise Incomplete(*(_problem(item, run, error) for item in unanswered)) from error


def _unanswered(report: Path) -> Iterator[Unanswered]:
    if not report.exists():
        return
    for line in dict.fromkeys(report.read_text().splitlines()):
        data = json.loads(line)
        yield Unanswered(data["kind"], data["token"], data["arguments"])


def _problem(item: Unanswered, run: EngineRun, error: Failure | None) -> Problem:
    asked = json.dumps(item.arguments, sort_keys=True)
    what = {
        "invoke": f"the program of `{run.project}` asks the cloud `{item.token}` with `{asked}`",
        "call": f"the program of `{run.project}` calls the plugin's method `{item.token}`",
        "component": f"the program of `{run.project}` uses the remote component `{item.token}`",
    }[item.kind]
    fix = {
        "invoke": "write it into the estate, or record the answer: "
        f"`prodfirst permissions record --env {run.stack}`",
        "call": "compute the value in the program, or publish it as a contract",
        "component": "use a component written in the program's own language",
    }[item.kind]
    why = "offline nobody knows the answer, so the resource graph is incomplete"
    return Problem(what, _place(error) or str(run.program), why, fix)


def _place(error: Failure | None) -> str | None:
    """The innermost line of the program in the traceback that the failed question left."""
    lines = re.findall(r'File "([^"]+)", line (\d+)', str(error or ""))
    own = [(file, line) for file, line in lines if "site-packages" not in file]
    return f"{own[-1][0]}:{own[-1][1]}" if own else None


def _entry(item: Answer) -> dict[str, Any]:
    return {"token": item.token, "arguments": dict(item.arguments), "answer": dict(item.answer)}


def _site_folders(program: Path) -> Iterator[Path]:
    python = interpreter(program)
    if python == Path(sys.executable):
        yield from (Path(entry) for entry in sys.path if entry)
    else:
        yield from python.parent.parent.glob("lib/python3*/site-packages")


def _plugin_files(folder: Path) -> Iterator[Path]:
    """As Pulumi's own Python host finds the plugins of a program (`pulumi-plugin.json` in each package)."""
    yield from folder.glob("pulumi_*/pulumi-plugin.json")


def _package(file: Path) -> str:
    data = json.loads(file.read_text())
    return str(data.get("name") or file.parent.name.removeprefix("pulumi_").replace("_", "-"))
