"""`prodfirst status`."""

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
    from dataclasses import asdict

    from prodfirst.usecases.status import status as read

    site = open_site(file, environment)
    rows = read(site, selected(site, stacks))
    if as_json:
        print_json({"prodfirst": "status", "version": 1, "deployments": [asdict(row) for row in rows]})
        return
    width = max((len(row.deployment) for row in rows), default=0)
    for row in rows:
        text = (
            f"{row.resources:4} resources  {row.updated[:19]}  {(row.version or '')[:12]}"
            if row.exists
            else "not deployed"
        )
        pending = f"  {row.pending} operations in flight: run `prodfirst plan`" if row.pending else ""
        click.echo(f"{row.deployment:<{width}}  {row.layer:<14} {row.owner:<12} {text}{pending}")
