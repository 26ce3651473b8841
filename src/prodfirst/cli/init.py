"""`prodfirst init`."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prodfirst.cli.options import json_option, open_estate, print_json, reporter
from prodfirst.kernel.errors import ExitCode, Failure, Problem, ProdfirstError

if TYPE_CHECKING:
    from prodfirst.adapters.pulumi.engine import Engine
    from prodfirst.estate.definition import Estate

_NEXT = (
    "prodfirst local up",
    "prodfirst bootstrap",
    "prodfirst apply --stack {identity}",
    "prodfirst plan --out plan.json",
    "prodfirst apply plan.json",
)
_UNLOCKED = ("prodfirst permissions sync", "prodfirst local up", "…")


def _templates(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from prodfirst.usecases.templates import names

    return [name for name in names() if name.startswith(incomplete)]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option(
    "--template",
    metavar="NAME",
    shell_complete=_templates,
    help="An example to begin with: starter (small) or acme (clusters, a database, teams).",
)
@click.option(
    "--name", metavar="NAME", help="The estate's name [default: the repository's, or the folder's]."
)
@json_option
@click.pass_context
def init(ctx: click.Context, folder: Path, template: str | None, name: str | None, as_json: bool) -> None:
    """Begin an estate in FOLDER (default: here): its file, its stacks, and their lock files.

    What it can find out it does not ask: the git remote, your AWS profile, and Pulumi projects that are
    there, which become its stacks; their state is not touched. Without any it begins with an example.
    Programs are run offline, without credentials, to make their lock files.

    \b
    Examples:
      prodfirst init
      prodfirst init shop-estate --template acme
    """
    from prodfirst.rendering.console import console
    from prodfirst.rendering.init_text import init_json, init_text, notes_text
    from prodfirst.usecases.init import prospect
    from prodfirst.usecases.offline import open_offline_engine

    found = prospect(folder.absolute(), template, name)
    engine = open_offline_engine(reporter(quiet=as_json))
    begun = found.write()
    if not as_json:
        init_text(begun, console())
    estate = open_estate(begun.file)
    unlocked = _lock(estate, engine, quiet=as_json, together=not begun.adopted)
    if as_json:
        print_json(init_json(replace(begun, notes=(*begun.notes, *unlocked))))
    else:
        notes_text(unlocked, console())
        _say_next(folder, estate, whole=not unlocked)
    ctx.exit(ExitCode.FINDINGS if unlocked else ExitCode.CLEAN)


def _lock(estate: Estate, engine: Engine, *, quiet: bool, together: bool) -> tuple[Problem, ...]:
    """Make the lock files, all at once or one by one: then what one program lacks costs no other its own.

    Raises Failure where the user stops it: `prodfirst permissions sync` goes on.
    """
    from prodfirst.estate.reading import FILE_NAME
    from prodfirst.rendering.progress import progress
    from prodfirst.usecases.permissions import compare, write

    stacks = tuple(estate.stacks.values())
    problems: list[Problem] = []
    with progress(quiet=quiet) as listen:
        for group in [stacks] if together else [(stack,) for stack in stacks]:
            try:
                write(compare(estate, group, engine, listen))
            except ProdfirstError as error:
                if engine.stop.requests:
                    what = "stopped while lock files were made; the estate is there"
                    fix = f"go on with `prodfirst permissions sync` in {estate.root}"
                    raise Failure(Problem(what, str(estate.root / FILE_NAME), fix=fix)) from error
                problems.extend(error.problems)
    return tuple(problems)


def _say_next(folder: Path, estate: Estate, *, whole: bool) -> None:
    identity = estate.identity.name if estate.identity else ""
    click.echo("next:")
    if folder != Path():
        click.echo(f"  cd {shlex.quote(str(folder))}")
    for line in _NEXT if whole else _UNLOCKED:
        click.echo(f"  {line.format(identity=identity)}")
