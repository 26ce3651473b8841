"""`prodfirst destroy`."""

from __future__ import annotations

from pathlib import Path

import click

from prodfirst.cli.options import (
    environment_option,
    file_option,
    json_option,
    open_site,
    selected,
    stacks_argument,
)
from prodfirst.kernel.errors import ExitCode


@click.command()
@stacks_argument
@file_option
@environment_option
@json_option
@click.option("-y", "--yes", is_flag=True, help="Approve the plan without a question.")
@click.pass_context
def destroy(
    ctx: click.Context,
    stacks: tuple[str, ...],
    file: Path | None,
    environment: str | None,
    as_json: bool,
    yes: bool,
) -> None:
    """Plan the removal of STACKS (default: all), show it, ask, and apply it; readers go first.

    \b
    Examples:
      prodfirst destroy network
      prodfirst plan --destroy --out removal.json && prodfirst apply removal.json
    """
    from prodfirst.cli.apply import approve
    from prodfirst.cli.plans import carry_out, findings_exit, make_plan, show_plan

    site = open_site(file, environment)
    made = make_plan(site, selected(site, stacks), destroy=True, quiet=as_json)
    if not as_json:
        show_plan(made, as_json=False, verbose=False, out=None)
    if findings_exit(made) is ExitCode.CLEAN and made.has_changes:
        approve(
            yes, f"remove all this from `{site.environment.name}`?", "prodfirst plan --destroy --out FILE"
        )
    ctx.exit(carry_out(site, made, as_json=as_json))
