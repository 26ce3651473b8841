"""After a kill: dead locks are removed, and what was in flight is found out before anything else is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prodfirst.adapters.aws import finding
from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.journal import Journal, last_started
from prodfirst.adapters.kubernetes import finding as cluster_finding
from prodfirst.adapters.pulumi.checkpoint import read_locks
from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.locking import left_behind
from prodfirst.adapters.pulumi.recovering import Recovered, recovered
from prodfirst.adapters.pulumi.running import EngineRun, engine_environment, private_folder
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import Failure, Problem, Refused
from prodfirst.planning.interrupted import Fate, Finder, Found, Interrupted, Wanted
from prodfirst.planning.progress import Listener, Message, Phase
from prodfirst.planning.state import state_version
from prodfirst.resources.graph import urn_type
from prodfirst.usecases.narrate import narrator
from prodfirst.usecases.recorded import recorded_version
from prodfirst.usecases.site import Site


@dataclass(frozen=True)
class Recovery:
    """Of one deployment, under one of its identities."""

    site: Site
    stack: Stack
    access: AwsAccess
    engine: Engine
    listen: Listener

    @property
    def name(self) -> str:
        """`stack/environment`"""
        return f"{self.stack.name}/{self.site.environment.name}"

    def release(self) -> None:
        """Remove, and say so, the locks of killed runs of this machine. Raises Failure where one is held.

        The engine would refuse too, but only after a preview of a state that is about to change.
        """
        store = self.site.bucket(self.access)
        for lock in read_locks(store, self.stack.project, self.site.environment.name):
            if not left_behind(lock):
                raise Failure(
                    Problem(
                        f"`{self.name}` is locked by {lock}",
                        why="another run is changing it",
                        fix="wait for that run to end; if it was killed on another machine, apply there, or "
                        "remove its lock with `pulumi cancel`",
                    )
                )
            store.remove(lock.key)
            self._say("warning", f"removed the lock of {lock}: that process of this machine has ended")

    @contextmanager
    def on_a_copy(self, run: EngineRun) -> Iterator[Recovered]:
        """What was in flight, found out and taken into a copy of the state; nothing is changed."""
        checkpoint = self.site.bucket(self.access).checkpoint(self.stack.project, self.site.environment.name)
        self.listen(Phase(self.name, "find out what became of what was cut off"))
        since = last_started(self.site.journal_folder, self.name)
        hear = narrator(self.name, self.listen)
        with (
            private_folder() as folder,
            recovered(self.engine, run, checkpoint or {}, self._finder(run, since, folder), hear) as found,
        ):
            for item in found.interrupted:
                self._say("info" if item.fate is not Fate.UNDECIDED else "warning", item.text)
            yield found

    def take_up(self, run: EngineRun, journal: Journal) -> tuple[Interrupted, ...]:
        """Put what was found out into the recorded state. Raises Refused where a person has to decide."""
        before = recorded_version(self.site, self.stack, self.access)
        with self.on_a_copy(run) as found:
            if problems := [_problem(item) for item in found.interrupted if item.fate is Fate.UNDECIDED]:
                raise Refused(*problems)
            if recorded_version(self.site, self.stack, self.access) != before:
                raise Failure(
                    Problem(
                        f"the state of `{self.name}` changed while it was looked at",
                        why="another run is changing it",
                        fix="wait for that run to end, then run the same command again",
                    )
                )
            told = [[item.operation, item.urn, item.fate.value, item.id] for item in found.interrupted]
            journal.write("recovering", self.name, found=told, state=state_version(found.state))
            self.engine.import_state(run, found.state)
        return found.interrupted

    def _finder(self, run: EngineRun, since: datetime | None, folder: Path) -> Finder:
        """`folder` becomes the home of the commands that kubeconfigs name."""
        environment = engine_environment(self.engine.plugin_home, run, folder)
        on_aws = finding.finder(self.access, since)
        in_clusters = cluster_finding.finder(environment, since)

        def find(wanted: Wanted) -> Found:
            of_cluster = urn_type(wanted.urn).startswith(cluster_finding.PACKAGE)
            return (in_clusters if of_cluster else on_aws)(wanted)

        return find

    def _say(self, severity: str, text: str) -> None:
        self.listen(Message(self.name, severity, text))


def _problem(item: Interrupted) -> Problem:
    return Problem(
        f"what became of {item.operation} `{item.urn}` is not known",
        why=item.why,
        fix="look in the cloud; then `pulumi refresh` with `--import-pending-creates URN "
        "--import-pending-creates ID` adopts it, and with `--clear-pending-creates` forgets it",
    )
