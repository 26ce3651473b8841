"""`prodfirst isolation`."""

from __future__ import annotations

from pathlib import Path

import click

from prodfirst.cli.options import environment_option, file_option, json_option, open_site
from prodfirst.kernel.errors import ExitCode, InvalidInput, Problem


@click.command()
@file_option
@environment_option
@json_option
@click.pass_context
def isolation(ctx: click.Context, file: Path | None, environment: str | None, as_json: bool) -> None:
    """Try every other stack's things from each identity, by real calls; on a local environment.

    Exits with 1 where a call is decided otherwise than it must be. Each refusal comes with its audit id.

    \b
    Examples:
      prodfirst isolation
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
    attempts = attempt(site, lambda text: None if as_json else click.echo(text, err=True))
    answer_in(as_json).isolation(attempts)
    ctx.exit(ExitCode.CLEAN if all(item.right for item in attempts) else ExitCode.FINDINGS)
