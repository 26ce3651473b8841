"""`prodfirst status`."""

from __future__ import annotations

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


@click.command()
@stacks_argument
@file_option
@environment_option
@json_option
def status(stacks: tuple[str, ...], file: Path | None, environment: str | None, as_json: bool) -> None:
    """Show what is deployed, from the recorded state; runs nothing.

    \b
    Examples:
      prodfirst status
      prodfirst status --json
    """
    from prodfirst.cli.plans import answer_in
    from prodfirst.usecases.status import status as read

    site = open_site(file, environment)
    rows = read(site, selected(site, stacks))
    answer_in(as_json).status(rows)
