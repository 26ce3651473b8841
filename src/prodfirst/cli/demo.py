"""`prodfirst demo`."""

from __future__ import annotations

import shutil
from pathlib import Path

import click


@click.command()
@click.option(
    "--estate",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The example's file [default: examples/acme here, else a copy of it in prodfirst's own folder].",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="demo.json",
    show_default=True,
    help="Where its proofs are written, with a command to repeat each.",
)
@click.pass_context
def demo(ctx: click.Context, file: Path | None, out: Path) -> None:
    """Run the whole job on the example: local cloud, bootstrap, plan, apply, drift, and who may do what.

    It works again and again, on the local cloud alone; the local cloud stays up afterwards.

    \b
    Example:
      prodfirst demo
    """
    from prodfirst.cli.tour import tour

    ctx.exit(tour(file or _example(), out))


def _example() -> Path:
    """Beside the sources it is run in place; what is installed is copied, since runs write byte code."""
    from prodfirst.estate.reading import FILE_NAME
    from prodfirst.kernel.paths import home, private_dir
    from prodfirst.usecases.templates import example

    if (here := Path("examples", "acme", FILE_NAME)).is_file():
        return here
    copied = private_dir(home() / "demo") / "acme"
    shutil.copytree(example("acme"), copied, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    click.echo(f"the example is in {copied}")
    return copied / FILE_NAME
