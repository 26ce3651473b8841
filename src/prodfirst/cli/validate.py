"""`prodfirst validate`."""

from __future__ import annotations

from pathlib import Path

import click

from prodfirst.cli.options import file_option, json_option, open_estate, print_json


@click.command()
@file_option
@json_option
def validate(file: Path | None, as_json: bool) -> None:
    """Check prodfirst.yaml: its shape, its names, its programs, the layer law. Every error at once.

    \b
    Examples:
      prodfirst validate
      prodfirst validate --file estate/prodfirst.yaml --json
    """
    estate = open_estate(file)
    counts = {
        "environments": len(estate.environments),
        "teams": len(estate.teams),
        "stacks": len(estate.stacks),
    }
    if as_json:
        print_json({"prodfirst": "validation", "version": 1, "estate": estate.name, **counts})
        return
    listed = ", ".join(f"{count} {what if count != 1 else what[:-1]}" for what, count in counts.items())
    click.echo(f"estate `{estate.name}` is valid: {listed}")
