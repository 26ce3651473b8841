"""`prodfirst plan`."""

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
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Save the plan, for approval and `apply`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 1 where there are changes.")
@click.option("--destroy", is_flag=True, help="Plan the removal instead.")
@click.option("-v", "--verbose", is_flag=True, help="Unfold everything, list what stays the same.")
@click.pass_context
def plan(
    ctx: click.Context,
    stacks: tuple[str, ...],
    file: Path | None,
    environment: str | None,
    as_json: bool,
    out: Path | None,
    detailed_exitcode: bool,
    destroy: bool,
    verbose: bool,
) -> None:
    """Show what would change in STACKS (default: all), computed by the real engine; changes nothing.

    Exits with 1 where a guard forbids the plan, or a cluster refuses one of its objects.

    \b
    Examples:
      prodfirst plan
      prodfirst plan network --env production --out plan.json
    """
    from prodfirst.cli.plans import make_plan, plan_exit, show_plan

    site = open_site(file, environment)
    made = make_plan(site, selected(site, stacks), destroy=destroy, quiet=as_json)
    show_plan(made, as_json=as_json, verbose=verbose, out=out)
    code = plan_exit(made)
    if not as_json and made.has_changes and code is ExitCode.CLEAN:
        target = (
            f"prodfirst apply {out}" if out else "prodfirst plan --out plan.json && prodfirst apply plan.json"
        )
        click.echo(f"next: {target}", err=True)
    if detailed_exitcode and made.has_changes:
        code = ExitCode.FINDINGS
    ctx.exit(code)
