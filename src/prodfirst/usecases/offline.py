"""Resource graphs from programs alone: no credentials, no network, no state.

Programs run offline, once for each environment of the estate, with that environment's committed settings.
What a stack reads of others comes from the others' own offline graphs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from prodfirst.adapters.pulumi import stack_file
from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.offline import preview_offline
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.adapters.pulumi.stack_file import StackFile
from prodfirst.adapters.pulumi.tool import find_engine
from prodfirst.adapters.recorded_invokes import answers_for
from prodfirst.estate.definition import EnvironmentName, Estate, Stack, StackName
from prodfirst.kernel.errors import Failure, Problem, ProdfirstError
from prodfirst.kernel.paths import home, private_dir
from prodfirst.kernel.ready import run_ready, workers
from prodfirst.permissions.lock import FOLDER
from prodfirst.planning.contracts import ReadField, contract_in, injected, read_fields
from prodfirst.planning.progress import Listener, Phase
from prodfirst.resources.graph import ResourceGraph
from prodfirst.usecases.site import Site

OFFLINE_SECONDS = 300.0
"""The longest one offline preview may take."""
_SECRET = "prodfirst-offline-secret"  # noqa: S105 - stands for every secret of a configuration
"""What a program gets for a secret setting: its value needs a key, and no permission may follow from it."""

_Deployment: TypeAlias = "tuple[StackName, EnvironmentName]"
_Outcome: TypeAlias = "ResourceGraph | ProdfirstError"


def open_offline_engine(report: Callable[[str], None]) -> Engine:
    """The engine with a plugin folder of its own: no plugin of the user takes part."""
    return Engine(find_engine(report), home() / "pulumi")


def offline_graphs(
    estate: Estate, stacks: tuple[Stack, ...], engine: Engine, listen: Listener
) -> Mapping[StackName, Mapping[str, ResourceGraph]]:
    """The whole graph of each stack in each environment. Raises with all problems of all programs."""
    wanted = {stack.name for stack in stacks}
    names = sorted(wanted | {upstream for name in wanted for upstream in estate.upstream(name)})
    waits = {
        (name, environment): frozenset((other, environment) for other in estate.reads_of(name))
        for name in names
        for environment in estate.environments
    }
    work = _Offline(estate, engine, listen).graph
    outcomes = run_ready(waits, work, workers=workers(), interrupted=engine.stop.request)
    errors = [outcome for outcome in outcomes.values() if isinstance(outcome, ProdfirstError)]
    if errors:
        raise Failure(*dict.fromkeys(problem for error in errors for problem in error.problems))
    graphs: dict[StackName, dict[str, ResourceGraph]] = {}
    for (name, environment), outcome in outcomes.items():
        if isinstance(outcome, ResourceGraph):
            graphs.setdefault(name, {})[environment] = outcome
    return graphs


@dataclass(frozen=True)
class _Offline:
    """One run over an estate."""

    estate: Estate
    engine: Engine
    listen: Listener

    def graph(self, deployment: _Deployment, done: Mapping[_Deployment, _Outcome]) -> _Outcome:
        """One program's graph; the error where there is none, so that the others still are looked at."""
        name, environment = deployment
        stack, site = self.estate.stacks[name], Site(self.estate, self.estate.environments[environment])
        self.listen(Phase(f"{name}/{environment}", "offline preview"))
        try:
            answers = answers_for(self.estate.root / FOLDER, environment)
            with _run_of(site, stack, self._reads(stack, environment, done)) as run:
                return _whole(preview_offline(self.engine, run, answers).graph, stack)
        except ProdfirstError as error:
            return error

    def _reads(
        self, stack: Stack, environment: EnvironmentName, done: Mapping[_Deployment, _Outcome]
    ) -> tuple[ReadField, ...]:
        """What the publishers' programs say; nothing is taken from what is recorded."""
        fields: list[ReadField] = []
        for read in stack.reads:
            graph = done[read.stack, environment]
            planned = contract_in(graph) if isinstance(graph, ResourceGraph) else {}
            fields += read_fields(read.stack, read.fields, planned=planned, recorded={})
        return tuple(fields)


def _whole(graph: ResourceGraph, stack: Stack) -> ResourceGraph:
    if not graph.incomplete:
        return graph
    why = "nothing that follows from a graph with holes is whole"
    fix = "use a component written in the program's own language"
    raise Failure(*(Problem(what, str(stack.program), why, fix) for what in graph.incomplete))


@contextmanager
def _run_of(site: Site, stack: Stack, reads: tuple[ReadField, ...]) -> Iterator[EngineRun]:
    with tempfile.TemporaryDirectory(prefix="run-", dir=private_dir(home() / "tmp")) as folder:
        path = Path(folder) / f"Pulumi.{site.environment.name}.yaml"
        committed = stack_file.read(stack.program / path.name) or StackFile()
        plain = {key: _without_secret(value) for key, value in committed.config.items()}
        StackFile(config=plain).with_config(site.managed_config(stack)).write(path)
        yield EngineRun(
            program=stack.program,
            project=stack.project,
            stack=site.environment.name,
            root=site.estate.root,
            config_file=path,
            backend_url="",
            contracts=injected(reads),
            timeout=OFFLINE_SECONDS,
        )


def _without_secret(value: object) -> object:
    """A value in which nothing is encrypted; inside of lists and mappings too."""
    if not stack_file.holds_secret(value):
        return value
    if isinstance(value, dict) and "secure" not in value:
        return {key: _without_secret(item) for key, item in value.items()}
    return [_without_secret(item) for item in value] if isinstance(value, list) else _SECRET
