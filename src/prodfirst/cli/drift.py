"""`prodfirst drift`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from prodfirst.cli.options import (
    environment_option,
    file_option,
    json_option,
    open_site,
    selected,
    stacks_argument,
)
from prodfirst.kernel.errors import ExitCode, Failure


@click.command()
@stacks_argument
@file_option
@environment_option
@json_option
@click.option(
    "--record", is_flag=True, help="Also write what is found into the state, so that a plan sees it."
)
@click.pass_context
def drift(
    ctx: click.Context,
    stacks: tuple[str, ...],
    file: Path | None,
    environment: str | None,
    as_json: bool,
    record: bool,
) -> None:
    """Find what the cloud says that the state does not; no resource changes. Exits with 1 where it drifted.

    Without STACKS also what was added to the environment's identities, which no program declares.

    \b
    Examples:
      prodfirst drift
      prodfirst drift network --env production --json
      prodfirst drift identity --record && prodfirst plan identity
    """
    from prodfirst.cli.plans import answer_in, engine_of, tell_refused
    from prodfirst.rendering.progress import progress
    from prodfirst.usecases.drift import look
    from prodfirst.usecases.identity_drift import drift_of_identities

    site = open_site(file, environment)
    since = time.time()
    engine = engine_of(site, quiet=as_json)
    with progress(quiet=as_json) as listen:
        identities = () if stacks else (drift_of_identities(site),)
        looked = look(site, selected(site, stacks), engine, listen, record=record)
    found = (*identities, *looked.drifts)
    answer_in(as_json).drift(found)
    tell_refused(site, since)
    if looked.errors:
        raise Failure(*looked.problems)
    ctx.exit(ExitCode.FINDINGS if any(item.drifted for item in found) else ExitCode.CLEAN)
