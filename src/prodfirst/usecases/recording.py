"""`prodfirst permissions record`: what programs ask the cloud, asked once, committed for offline runs."""

from __future__ import annotations

from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.host import Answered
from prodfirst.adapters.pulumi.scratch import scratch
from prodfirst.adapters.recorded_invokes import record
from prodfirst.estate.definition import Stack
from prodfirst.permissions.lock import FOLDER
from prodfirst.planning.progress import Listener, Phase
from prodfirst.usecases.contracts import reads_of
from prodfirst.usecases.narrate import narrator
from prodfirst.usecases.site import Site


def record_answers(site: Site, stacks: tuple[Stack, ...], engine: Engine, listen: Listener) -> int:
    """Preview each program as whoever runs this, and keep what it was told. Returns how many answers.

    Not as the plan identity: that may ask only what its lock holds, which is made with these answers. Raises
    Refused where an answer is secret.
    """
    answers: list[Answered] = []
    for stack in stacks:
        name = f"{stack.name}/{site.environment.name}"
        listen(Phase(name, "preview, to record what it asks"))
        reads = reads_of(site, stack, site.operator, {})
        with site.engine_run(stack, site.operator, reads) as run, scratch(engine, run) as nowhere:
            answers.extend(engine.preview(nowhere, on_event=narrator(name, listen)).answers)
    whole = {stack.name for stack in stacks} == set(site.estate.stacks)
    return record(site.estate.root / FOLDER, site.environment.name, tuple(answers), whole=whole)
