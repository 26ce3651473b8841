"""`prodfirst schema`."""

from __future__ import annotations

import click

from prodfirst.cli.options import print_json


@click.command()
def schema() -> None:
    """Print the JSON Schema of prodfirst.yaml, for editors.

    \b
    Example, with the YAML language server:
      prodfirst schema > prodfirst.schema.json
      # first line of prodfirst.yaml:
      # yaml-language-server: $schema=prodfirst.schema.json
    """
    from prodfirst.estate.schema import json_schema

    print_json(json_schema())
