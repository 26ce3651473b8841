"""Early cut-off: which deployments need not be run again, and what a plan was computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import prodfirst
from prodfirst.adapters.last_plans import LastPlans
from prodfirst.adapters.pulumi.engine import Engine, Preview
from prodfirst.adapters.pulumi.packages import interpreter_digest
from prodfirst.adapters.source import (
    files_digest,
    folder_digest,
    installation_digest,
    mapping_digest,
    text_digest,
)
from prodfirst.estate.definition import Layer, Stack
from prodfirst.permissions import lock as locks
from prodfirst.permissions.kubernetes import locks_read
from prodfirst.planning.contracts import ReadField, dump_read
from prodfirst.planning.fingerprint import LastPlan, differing, may_be_kept, reused
from prodfirst.planning.plan import DeploymentPlan
from prodfirst.planning.state import StateVersion
from prodfirst.usecases.site import Site

Basis = Mapping[str, str]
"""What a plan is computed from, by a word for people: digests."""


class Cutoff:
    """Of one environment and one engine."""

    def __init__(self, site: Site, engine: Engine) -> None:
        self._site = site
        self._engine = engine
        self._plans = LastPlans.of(site.estate.root, site.environment.name)
        self._installed = str(installation_digest(Path(prodfirst.__file__).parent))

    def find(self, stack: Stack, basis: Basis) -> DeploymentPlan | None:
        """The last clean plan, where all that it was computed from is the same; None to run the program."""
        last = self._plans.find(stack.name)
        if last is None or differing(last, self._parts(basis, last.files)):
            return None
        return reused(last)

    def keep(self, stack: Stack, basis: Basis, plan: DeploymentPlan, preview: Preview) -> None:
        """Remember a clean plan, unless its program asked a provider something: the answer may change.

        `basis` is from before the preview: what changed meanwhile is another one.
        """
        if not may_be_kept(plan) or preview.invokes or not preview.files:
            self._plans.forget(stack.name)
            return
        root = self._site.estate.root
        files = tuple(
            str(Path(file).relative_to(root))
            for file in preview.files
            if Path(file).is_relative_to(root) and not Path(file).is_relative_to(stack.program)
        )
        files = tuple(sorted({*files, *map(_lock_file, locks_read(preview.graph))}))
        made = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self._plans.keep(stack.name, LastPlan(self._parts(basis, files), files, plan, made))

    def _parts(self, basis: Basis, files: tuple[str, ...]) -> Basis:
        """With the files that only a run of the program tells."""
        return {**basis, "imported files": files_digest(self._site.estate.root, files)}

    def basis(
        self, stack: Stack, identity: str, reads: tuple[ReadField, ...], version: StateVersion
    ) -> Basis:
        """What a plan is computed from, as far as it is known before the program runs."""
        site, engine = self._site, self._engine
        readers = [[item.stack, item.field] for item in site.estate.readers_of(stack.name)]
        return {
            "program": folder_digest(stack.program),
            "configuration": mapping_digest(site.stack_file(stack).config),
            "interpreter and packages": interpreter_digest(stack.program),
            "contracts read": mapping_digest({"reads": [dump_read(read) for read in reads]}),
            "estate entry": mapping_digest(
                {"stack": [stack.layer, stack.owner, stack.stateful, stack.project], "readers": readers}
            ),
            "environment": mapping_digest({**asdict(site.environment), "position": ""}),
            "permission lock": files_digest(site.estate.root, self._locks(stack)),
            "state": version,
            "identity": identity,
            "engine": text_digest(f"{engine.binary.path} {engine.binary.version}"),
            "providers": text_digest("\n".join(engine.plugins())),
            "prodfirst": self._installed,
        }

    def _locks(self, stack: Stack) -> list[str]:
        """The stack's own; the identity stack turns all of them into roles."""
        stacks = self._site.estate.stacks if stack.layer is Layer.IDENTITY else (stack.name,)
        return list(map(_lock_file, stacks))


def _lock_file(stack: str) -> str:
    return str(locks.path_of(Path(), stack))
