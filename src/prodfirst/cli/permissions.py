"""`prodfirst permissions`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from prodfirst.cli.groups import InOrder
from prodfirst.cli.options import (
    environment_option,
    file_option,
    json_option,
    open_estate,
    open_site,
    print_json,
    reporter,
    selected,
    stacks_argument,
)
from prodfirst.kernel.errors import ExitCode

if TYPE_CHECKING:
    from prodfirst.estate.definition import Estate, Stack
    from prodfirst.rendering.permissions_text import LockView
    from prodfirst.usecases.permissions import LockAnswer


@click.group(cls=InOrder)
def permissions() -> None:
    """Lock files: the exact permissions of each stack's plan and apply identities, made from its program.

    No credentials and no network take part. The files are committed; whoever owns identities reviews them.

    \b
    Examples:
      prodfirst permissions sync
      prodfirst permissions check --json
      prodfirst permissions show network
    """


@permissions.command(short_help="Write the lock files from the programs.")
@stacks_argument
@file_option
@json_option
def sync(stacks: tuple[str, ...], file: Path | None, as_json: bool) -> None:
    """Write the lock files of STACKS (default: all), and say what each gains and loses."""
    from prodfirst.usecases.permissions import views, write

    estate = open_estate(file)
    answers = _compared(estate, _selected(estate, stacks), quiet=as_json)
    write(answers)
    _print(views(answers, written=True), as_json)


@permissions.command(short_help="Compare the lock files with the programs.")
@stacks_argument
@file_option
@json_option
@click.pass_context
def check(ctx: click.Context, stacks: tuple[str, ...], file: Path | None, as_json: bool) -> None:
    """Compare the lock files of STACKS (default: all) with the programs; exit 1 where one is not current."""
    from prodfirst.usecases.permissions import Standing, views

    estate = open_estate(file)
    answers = _compared(estate, _selected(estate, stacks), quiet=as_json)
    _print(views(answers, written=False), as_json)
    stale = [answer.stack for answer in answers if answer.standing is not Standing.CURRENT]
    if stale and not as_json:
        click.echo(f"next: prodfirst permissions sync {' '.join(stale)}", err=True)
    ctx.exit(ExitCode.FINDINGS if stale else ExitCode.CLEAN)


@permissions.command(short_help="Show who needs what, from the lock files.")
@stacks_argument
@file_option
@json_option
def show(stacks: tuple[str, ...], file: Path | None, as_json: bool) -> None:
    """Show who needs what, from the lock files of STACKS (default: all)."""
    from prodfirst.usecases.permissions import committed_views

    estate = open_estate(file)
    _print(committed_views(estate, _selected(estate, stacks)), as_json)


@permissions.command(short_help="Record what the programs ask the cloud.")
@stacks_argument
@file_option
@environment_option
@json_option
def record(stacks: tuple[str, ...], file: Path | None, environment: str | None, as_json: bool) -> None:
    """Record what the programs of STACKS (default: all) ask the cloud, with your own credentials.

    Offline nobody can answer; the answers lie in permissions/invokes.json, committed, and hold no secret.
    """
    from prodfirst.cli.plans import engine_of
    from prodfirst.rendering.progress import progress
    from prodfirst.usecases.recording import record_answers

    site = open_site(file, environment)
    engine = engine_of(site, quiet=as_json)
    with progress(quiet=as_json) as listen:
        count = record_answers(site, selected(site, stacks), engine, listen)
    if as_json:
        print_json({"prodfirst": "recording", "version": 1, "answers": count})
    else:
        click.echo(f"recorded {count} answers of {site.environment.name} in permissions/invokes.json")


def _selected(estate: Estate, names: tuple[str, ...]) -> tuple[Stack, ...]:
    from prodfirst.estate.selection import select

    return tuple(item.stack for item in select(estate, names))


def _compared(estate: Estate, stacks: tuple[Stack, ...], *, quiet: bool) -> tuple[LockAnswer, ...]:
    from prodfirst.rendering.progress import progress
    from prodfirst.usecases.offline import open_offline_engine
    from prodfirst.usecases.permissions import compare

    engine = open_offline_engine(reporter(quiet=quiet))
    with progress(quiet=quiet) as listen:
        return compare(estate, stacks, engine, listen)


def _print(locks: tuple[LockView, ...], as_json: bool) -> None:
    from dataclasses import asdict

    from prodfirst.rendering.console import console
    from prodfirst.rendering.permissions_text import permissions_text

    if as_json:
        print_json({"prodfirst": "permission-locks", "version": 1, "locks": [asdict(item) for item in locks]})
    else:
        permissions_text(locks, console())
