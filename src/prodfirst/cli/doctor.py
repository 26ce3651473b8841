"""`prodfirst doctor`."""

from __future__ import annotations

from pathlib import Path

import click

from prodfirst.cli.options import file_option, json_option, print_json
from prodfirst.kernel.errors import ExitCode


@click.command()
@file_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, file: Path | None, as_json: bool) -> None:
    """Say what is missing on this machine, and how to get it; exit 1 where something is.

    \b
    Examples:
      prodfirst doctor
      prodfirst doctor --json
    """
    from prodfirst.rendering.console import console
    from prodfirst.rendering.doctor_text import doctor_json, doctor_text, missing
    from prodfirst.usecases.doctor import examine

    checks = examine(file)
    if as_json:
        print_json(doctor_json(checks))
    else:
        doctor_text(checks, console())
    ctx.exit(ExitCode.FINDINGS if missing(checks) else ExitCode.CLEAN)
