"""`prodfirst demo`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--estate",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default="examples/acme/prodfirst.yaml",
    show_default=True,
    help="The example's file.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="demo.json",
    show_default=True,
    help="Where its proofs are written, with a command to repeat each.",
)
@click.pass_context
def demo(ctx: click.Context, file: Path, out: Path) -> None:
    """Run the whole job on the example: local cloud, bootstrap, plan, apply, drift, and who may do what.

    It works again and again, on the local cloud alone; the local cloud stays up afterwards.

    \b
    Example:
      prodfirst demo
    """
    from prodfirst.cli.tour import tour

    ctx.exit(tour(file, out))
