"""`prodfirst isolation`."""

from __future__ import annotations

from pathlib import Path

import click

from prodfirst.cli.options import (
    environment_option,
    file_option,
    identities,
    json_option,
    open_site,
    reporter,
)
from prodfirst.kernel.errors import ExitCode, InvalidInput, Problem


@click.command()
@file_option
@environment_option
@json_option
@click.option("-v", "--verbose", is_flag=True, help="List each call with its audit id.")
@click.option(
    "--as",
    "who",
    multiple=True,
    metavar="WHO",
    shell_complete=identities,
    help="Only as STACK/plan, STACK/apply or team:NAME; may be repeated.",
)
@click.pass_context
def isolation(
    ctx: click.Context,
    file: Path | None,
    environment: str | None,
    as_json: bool,
    verbose: bool,
    who: tuple[str, ...],
) -> None:
    """Try every other stack's things from each identity and each team's role, by real calls; locally.

    Exits with 1 where a call is decided otherwise than it must be. None changes anything, also where it is
    let through.

    \b
    Examples:
      prodfirst isolation
      prodfirst isolation --as team:data --as network/apply
      prodfirst isolation --json
    """
    from prodfirst.cli.plans import answer_in
    from prodfirst.usecases.isolation import isolation as attempt

    site = open_site(file, environment)
    if not site.environment.local:
        raise InvalidInput(
            Problem(
                f"environment `{site.environment.name}` is not local",
                site.environment.position,
                "the calls that are tried would be changes if one of them were let through",
                "choose one with `local: true` by `--env`",
            )
        )
    attempts = attempt(site, reporter(quiet=as_json), who)
    answer_in(as_json, verbose=verbose).isolation(attempts)
    ctx.exit(ExitCode.CLEAN if all(item.right for item in attempts) else ExitCode.FINDINGS)
