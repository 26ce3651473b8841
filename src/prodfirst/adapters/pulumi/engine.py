"""The real Pulumi engine: preview, update, refresh, and what else it does with a deployment's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prodfirst.adapters.pulumi import administering, faults, stepping
from prodfirst.adapters.pulumi.checkpoint import file_store, read_checkpoint
from prodfirst.adapters.pulumi.events import Diagnostic, Event, OnEvent, Started, Summary
from prodfirst.adapters.pulumi.graph import graph_of
from prodfirst.adapters.pulumi.host import Answered
from prodfirst.adapters.pulumi.running import GRACE_SECONDS, Ended, EngineRun, run_engine
from prodfirst.adapters.pulumi.stopping import Ending, Stop
from prodfirst.adapters.pulumi.tool import EngineBinary
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.planning.steps import Step
from prodfirst.resources.graph import ResourceGraph, Urn, urn_type

if TYPE_CHECKING:
    from prodfirst.adapters.pulumi.drifting import Drift

Approve = Callable[[], None]
"""Called when the engine holds its lock and before the program runs; raises to refuse."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an update would do."""

    steps: tuple[Step, ...]
    graph: ResourceGraph
    diagnostics: tuple[Diagnostic, ...]
    output: str
    """What the program printed, masked and bounded."""
    files: tuple[str, ...]
    """The repository's files that the program opened, absolute."""
    invokes: frozenset[str]
    """Tokens of the functions that it asked a provider."""
    answers: tuple[Answered, ...] = ()
    """What it was told."""


class Result(Enum):
    """How an update ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an update did. It raises instead where it did nothing at all."""

    result: Result
    done: tuple[Step, ...]
    failed: tuple[stepping.StepFailure, ...]
    unfinished: tuple[Step, ...]
    """Begun, and never heard of again: the engine was killed. The checkpoint lists them as pending."""
    problems: tuple[Problem, ...]
    """Why it did not succeed, beside the failed steps."""
    summary: Summary | None
    graph: ResourceGraph
    diagnostics: tuple[Diagnostic, ...]
    output: str


def ignore(_: Event) -> None:
    """The listener of who does not listen."""


class Engine:
    """Runs the engine for one deployment at a time; safe to use from several threads."""

    def __init__(
        self, binary: EngineBinary, plugin_home: Path, stop: Stop | None = None, grace: float = GRACE_SECONDS
    ) -> None:
        """`plugin_home` becomes `PULUMI_HOME`; `stop` ends the runs of this engine (Ctrl-C).

        `grace` is how many seconds running steps have after a timeout.
        """
        self.binary = binary
        self.plugin_home = plugin_home
        self.stop = stop or Stop()
        self.grace = grace

    def plugins(self) -> tuple[str, ...]:
        """The installed provider plugins, such as `resource-aws-v7.51.1`."""
        folder = self.plugin_home / "plugins"
        return tuple(sorted(item.name for item in folder.iterdir())) if folder.is_dir() else ()

    def preview(
        self,
        run: EngineRun,
        *,
        empty: bool = False,
        save_plan: Path | None = None,
        refresh: bool = False,
        on_event: OnEvent = ignore,
        approve: Approve | None = None,
    ) -> Preview:
        """Compute the steps. `empty` stands for the empty program: it plans the deletion of everything."""
        options = ("--refresh",) if refresh else ()
        saving = ("--save-plan", str(save_plan)) if save_plan else ()
        ended = self._run(run, ["preview", *options, *saving], empty, approve, on_event)
        sources = stepping.sources_of(ended.host.registrations.values(), run.root)
        if problems := faults.problems_of(ended, run, sources):
            raise faults.error_of(ended, problems)
        if not any(isinstance(event, Summary) for event in ended.events):
            raise Failure(Problem("the engine gave no result", why=ended.errors.strip()[-2000:]))
        return Preview(
            steps=stepping.planned(
                ended.events, sources, stepping.made_in_apply(ended.host.registrations.values())
            ),
            graph=graph_of(ended.host, ended.events, run.root),
            diagnostics=_diagnostics(ended),
            output=ended.output,
            files=ended.host.files,
            invokes=frozenset(ended.host.invokes),
            answers=tuple(ended.host.answers),
        )

    def update(
        self,
        run: EngineRun,
        *,
        plan: Path | None = None,
        empty: bool = False,
        on_event: OnEvent = ignore,
        approve: Approve | None = None,
    ) -> Outcome:
        """Carry the steps out, within the saved `plan` if there is one.

        Raises where nothing was begun; otherwise the outcome says what was done and why it is not whole.
        """
        constraint = ("--plan", str(plan)) if plan else ()
        ended = self._run(run, ["up", "--yes", "--skip-preview", *constraint], empty, approve, on_event)
        sources = stepping.sources_of(ended.host.registrations.values(), run.root)
        problems = faults.problems_of(ended, run, sources)
        if problems and not _began(ended):
            raise faults.error_of(ended, problems)
        return Outcome(
            result=_result(ended, problems),
            done=stepping.done(ended.events, sources),
            failed=stepping.failed(ended.events, sources),
            unfinished=stepping.unfinished(ended.events, sources),
            problems=problems,
            summary=next((event for event in ended.events if isinstance(event, Summary)), None),
            graph=graph_of(ended.host, ended.events, run.root),
            diagnostics=_diagnostics(ended),
            output=ended.output,
        )

    def init(self, run: EngineRun) -> None:
        """Make the deployment's empty state and complete its config file. Raises where it exists already."""
        administering.initialize(self.binary, self.plugin_home, run)

    def exists(self, run: EngineRun) -> bool:
        """Whether the deployment has state."""
        try:
            return self.checkpoint(run) is not None
        except faults.StackMissing:
            return False

    def checkpoint(self, run: EngineRun) -> Mapping[str, Any] | None:
        """The recorded state, by the fastest way there is; None where there is none."""
        if run.backend_url.startswith("file://"):
            return read_checkpoint(file_store(run.backend_url), run.project, run.stack)
        try:
            return self.export(run)
        except faults.StackMissing:
            return None

    def export(self, run: EngineRun) -> Mapping[str, Any]:
        """The state as `pulumi stack export` gives it."""
        return administering.export(self.binary, self.plugin_home, run)

    def import_state(self, run: EngineRun, state: Mapping[str, Any]) -> None:
        """Replace the state with an exported one."""
        administering.import_state(self.binary, self.plugin_home, run, state)

    def cancel(self, run: EngineRun) -> None:
        """Remove the locks of killed runs."""
        administering.cancel(self.binary, self.plugin_home, run)

    def refresh(
        self,
        run: EngineRun,
        preview_only: bool = True,
        on_event: OnEvent = ignore,
        targets: Sequence[Urn] = (),
    ) -> tuple[Drift, ...]:
        """Compare the checkpoint with the cloud; without `preview_only`, also record what is found.

        Of `targets` alone, where there are some.
        """
        mode = ("--preview-only",) if preview_only else ("--yes", "--skip-preview")
        chosen = (option for urn in targets for option in ("--target", urn))
        ended = self._run(run, ["refresh", *mode, *chosen], True, None, on_event)
        if problems := faults.problems_of(ended, run, {}):
            raise faults.error_of(ended, problems)
        from prodfirst.adapters.pulumi.drifting import drift_of  # what a plan does not need to load

        return drift_of(ended.events)

    def _run(
        self,
        run: EngineRun,
        command: Sequence[str],
        empty: bool,
        approve: Approve | None,
        on_event: OnEvent,
    ) -> Ended:
        return run_engine(
            self.binary,
            self.plugin_home,
            run,
            command,
            empty=empty,
            approve=approve,
            on_event=on_event,
            stop=self.stop,
            grace=self.grace,
        )


def _began(ended: Ended) -> bool:
    """Whether any step was begun that changes the cloud; a provider's instance is the engine's own."""
    started = (event.step for event in ended.events if isinstance(event, Started))
    return any(step.op != "same" and not urn_type(step.urn).startswith("pulumi:") for step in started)


def _result(ended: Ended, problems: tuple[Problem, ...]) -> Result:
    if ended.ending is Ending.STOPPED:
        return Result.STOPPED
    return Result.FAILED if problems else Result.SUCCEEDED


def _diagnostics(ended: Ended) -> tuple[Diagnostic, ...]:
    return tuple(event for event in ended.events if isinstance(event, Diagnostic))
