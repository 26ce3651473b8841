"""`prodfirst apply`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from prodfirst.cli.options import (
    environment_option,
    file_option,
    json_option,
    open_site,
    selected,
)
from prodfirst.cli.options import stacks as stacks_of
from prodfirst.kernel.errors import ExitCode, InvalidInput, Problem, Refused


@click.command()
@click.argument("plan_file", required=False, type=click.Path(path_type=Path))
@file_option
@environment_option
@json_option
@click.option(
    "-s",
    "--stack",
    "stacks",
    multiple=True,
    metavar="STACK",
    shell_complete=stacks_of,
    help="Without PLAN_FILE: only this stack; may be repeated.",
)
@click.option("-y", "--yes", is_flag=True, help="Without PLAN_FILE: approve the plan without a question.")
@click.pass_context
def apply(
    ctx: click.Context,
    plan_file: Path | None,
    file: Path | None,
    environment: str | None,
    as_json: bool,
    stacks: tuple[str, ...],
    yes: bool,
) -> None:
    """Carry out PLAN_FILE, as approved; without one, plan, ask, and apply.

    Each deployment is previewed again first. What is not within the approved plan is refused.

    \b
    Examples:
      prodfirst apply plan.json
      prodfirst apply --env local --yes
    """
    from prodfirst.cli.plans import carry_out, findings_exit, make_plan, show_plan
    from prodfirst.planning.file import load

    if plan_file is not None:
        approved = load(plan_file)
        site = open_site(file, environment or approved.environment)
        ctx.exit(carry_out(site, approved, as_json=as_json))
    site = open_site(file, environment)
    made = make_plan(site, selected(site, stacks), destroy=False, quiet=as_json)
    if not as_json:
        show_plan(made, as_json=False, verbose=False, out=None)
    if findings_exit(made) is ExitCode.CLEAN and made.has_changes:
        approve(yes, f"apply this plan to `{site.environment.name}`?", "prodfirst plan --out FILE")
    ctx.exit(carry_out(site, made, as_json=as_json))


def approve(yes: bool, question: str, saving: str) -> None:
    """Ask a person; `saving` is the command that saves the plan, where nobody is there.

    Raises InvalidInput where there is no person, Refused where the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInput(
            Problem(
                "nobody is here to approve the plan",
                why="standard input is no terminal",
                fix=f"save the plan with `{saving}` and apply that file, or say `--yes`",
            )
        )
    if not click.confirm(question, err=True):
        raise Refused(Problem("not approved; nothing was changed"))
