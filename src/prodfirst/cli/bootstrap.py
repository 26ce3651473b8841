"""`prodfirst bootstrap`."""

from __future__ import annotations

from pathlib import Path

import click

from prodfirst.cli.options import file_option, json_option, open_site, print_json


@click.command()
@click.argument("environment", required=False)
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
    items = run(site, (lambda _text: None) if as_json else lambda text: click.echo(f"  {text}", err=True))
    if as_json:
        rows = [{"kind": item.kind, "name": item.name, "made": item.made} for item in items]
        print_json({"prodfirst": "bootstrap", "version": 1, "items": rows})
        return
    for item in items:
        click.echo(f"{'made   ' if item.made else 'checked'}  {item.kind:<14} {item.name}")
