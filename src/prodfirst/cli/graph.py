"""`prodfirst graph`."""

from __future__ import annotations

from pathlib import Path

import click

from prodfirst.cli.options import file_option, open_estate


@click.command()
@file_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid"]),
    default="text",
    show_default=True,
    help="For people, or for a page that draws it.",
)
def graph(file: Path | None, form: str) -> None:
    """Show the layers, their stacks and owners, and what reads what.

    \b
    Examples:
      prodfirst graph
      prodfirst graph --format mermaid > estate.mmd
    """
    from prodfirst.rendering.estate_graph import mermaid, text

    estate = open_estate(file)
    click.echo(mermaid(estate) if form == "mermaid" else text(estate))
