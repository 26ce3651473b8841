"""Options that several commands share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from prodfirst.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from prodfirst.estate.definition import Estate, Stack
    from prodfirst.usecases.site import Site

F = TypeVar("F", bound=Callable[..., Any])


def environments(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Completes the name of an environment."""
    estate = _completing_estate(ctx)
    return [name for name in estate.environments if name.startswith(incomplete)] if estate else []


def stacks(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Completes the name of a stack that is not named yet."""
    estate = _completing_estate(ctx)
    chosen = ctx.params.get("stacks") or ()
    names = estate.stacks if estate else ()
    return [name for name in names if name.startswith(incomplete) and name not in chosen]


def identities(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Completes the word for somebody: a stack's identity, or one of a team."""
    from prodfirst.estate.definition import Layer
    from prodfirst.kernel.role_names import PHASES

    estate = _completing_estate(ctx)
    if estate is None:
        return []
    words = [f"{name}/{phase}" for name in estate.stacks for phase in PHASES]
    words += [
        f"{stack.name}/workload" for stack in estate.stacks.values() if stack.layer is Layer.APPLICATIONS
    ]
    words += [f"team:{name}" for name in estate.teams]
    return [word for word in words if word.startswith(incomplete)]


def _completing_estate(ctx: click.Context) -> Estate | None:
    """The estate whose names complete a word; a file that is not valid has none to offer."""
    try:
        return open_estate(ctx.params.get("file"))
    except InvalidInput:
        return None


file_option: Callable[[F], F] = click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    envvar="PRODFIRST_FILE",
    help="The estate's file [default: prodfirst.yaml here or above].",
)
environment_option: Callable[[F], F] = click.option(
    "-e",
    "--env",
    "environment",
    metavar="NAME",
    envvar="PRODFIRST_ENVIRONMENT",
    shell_complete=environments,
    help="The environment [default: the only one].",
)
json_option: Callable[[F], F] = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
stacks_argument: Callable[[F], F] = click.argument("stacks", nargs=-1, shell_complete=stacks)


def open_estate(file: Path | None) -> Estate:
    """The estate of `--file`, or of the nearest `prodfirst.yaml`."""
    from prodfirst.estate.reading import find, load

    return load(file or find(Path.cwd()))


def open_site(file: Path | None, environment: str | None) -> Site:
    """One environment of the estate."""
    from prodfirst.estate import selection
    from prodfirst.usecases.site import Site

    estate = open_estate(file)
    return Site(estate, selection.environment(estate, environment))


def selected(site: Site, names: tuple[str, ...]) -> tuple[Stack, ...]:
    """The named stacks, or all, in the order of their application."""
    from prodfirst.estate.selection import select

    return tuple(item.stack for item in select(site.estate, names))


def reporter(*, quiet: bool) -> Callable[[str], None]:
    """Where a run tells what it does meanwhile: standard error, or nowhere."""
    return (lambda _text: None) if quiet else lambda text: click.echo(text, err=True)


def print_json(data: Any) -> None:
    """Print one JSON value on standard output."""
    click.echo(json.dumps(data, indent=2))
