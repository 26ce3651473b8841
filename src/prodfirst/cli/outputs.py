"""`prodfirst outputs`."""

from __future__ import annotations

from pathlib import Path

import click

from prodfirst.cli.options import (
    environment_option,
    file_option,
    json_option,
    open_site,
    print_json,
    selected,
)


@click.command()
@click.argument("stack")
@file_option
@environment_option
@json_option
def outputs(stack: str, file: Path | None, environment: str | None, as_json: bool) -> None:
    """Show the outputs of STACK's program; secret ones are masked.

    \b
    Example:
      prodfirst outputs network --json
    """
    from prodfirst.rendering.plan_text import value_text
    from prodfirst.resources.values import to_json
    from prodfirst.usecases.status import outputs as read

    site = open_site(file, environment)
    (chosen,) = selected(site, (stack,))
    values = read(site, chosen)
    if as_json:
        print_json({"prodfirst": "outputs", "version": 1, "outputs": to_json(dict(values))})
        return
    for name, value in values.items():
        click.echo(f"{name}: {value_text(value)}")
