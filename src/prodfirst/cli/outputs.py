"""`prodfirst outputs`."""

from __future__ import annotations

from pathlib import Path

import click

from prodfirst.cli.options import (
    environment_option,
    file_option,
    json_option,
    open_site,
    selected,
    stacks,
)


@click.command()
@click.argument("stack", shell_complete=stacks)
@file_option
@environment_option
@json_option
def outputs(stack: str, file: Path | None, environment: str | None, as_json: bool) -> None:
    """Show the outputs of STACK's program; secret ones are masked.

    \b
    Example:
      prodfirst outputs network --json
    """
    from prodfirst.cli.plans import answer_in
    from prodfirst.usecases.status import outputs as read

    site = open_site(file, environment)
    (chosen,) = selected(site, (stack,))
    answer_in(as_json).outputs(f"{stack}/{site.environment.name}", read(site, chosen))
