"""`prodfirst bootstrap`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prodfirst.cli.options import environments, file_option, json_option, open_site, print_json

if TYPE_CHECKING:
    from prodfirst.usecases.bootstrap import Item
    from prodfirst.usecases.site import Site


@click.command()
@click.argument("environment", required=False, shell_complete=environments)
@file_option
@json_option
def bootstrap(environment: str | None, file: Path | None, as_json: bool) -> None:
    """Make what the first plan of ENVIRONMENT needs: state bucket, keys, boundary, stack identities.

    Run it with an administrator's credentials, once, and again whenever the estate gets a new stack.

    \b
    Examples:
      prodfirst bootstrap local
      prodfirst bootstrap production
    """
    from prodfirst.usecases.bootstrap import bootstrap as run

    site = open_site(file, environment)
    items = run(site, (lambda _item: None) if as_json else lambda item: click.echo(_row(item)))
    if as_json:
        rows = [asdict(item) for item in items]
        print_json({"prodfirst": "bootstrap", "version": 1, "items": rows})
    elif any(item.made for item in items):
        click.echo(f"next: {_next(site)}", err=True)


def _row(item: Item) -> str:
    deed = "deleted" if item.deleted else "made" if item.made else "checked"
    return f"{deed:<8} {item.kind:<17} {item.name}"


def _next(site: Site) -> str:
    """Identity makes the others' roles, so it is applied before they can be planned."""
    where = f" --env {site.environment.name}" if len(site.estate.environments) > 1 else ""
    plan = f"prodfirst plan{where} --out plan.json"
    maker = site.estate.identity
    return f"prodfirst apply{where} --stack {maker.name}, then {plan}" if maker else plan
