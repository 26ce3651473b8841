"""Writes the generated pages of docs/reference; with `--check` it only says which are stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from generated import settle

from prodfirst.cli.main import root
from prodfirst.estate.schema import json_schema

_FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_MADE = "<!-- made by tools/reference.py; `make reference` makes it again -->\n"


def pages() -> Mapping[str, str]:
    """File name → text."""
    return {"cli.md": _MADE + "".join(_cli()), "estate.md": _MADE + "".join(_estate())}


def _cli() -> Iterator[str]:
    yield "\n# The commands\n\n"
    yield "Exit codes: 0 clean, 1 findings, 2 usage or invalid estate, 3 failure. `prodfirst --debug` shows\n"
    yield "tracebacks. `NO_COLOR` and `COLUMNS` count as usual. `PRODFIRST_HOME` and `PRODFIRST_CACHE` name\n"
    yield "the folders where state and built tools lie.\n"
    context = click.Context(root, info_name="prodfirst", terminal_width=80, **root.context_settings)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        if command is None:
            raise LookupError(name)
        yield from _command(command, click.Context(command, info_name=name, parent=context), 2)


def _command(command: click.Command, context: click.Context, depth: int) -> Iterator[str]:
    yield f"\n{'#' * depth} {context.command_path}\n\n```text\n"
    yield command.get_help(context).strip() + "\n```\n"
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _command(child, click.Context(child, info_name=name, parent=context), depth + 1)


def _estate() -> Iterator[str]:
    schema = json_schema()
    yield "\n# The estate's file\n\n"
    yield "`prodfirst.yaml` is YAML 1.2. `prodfirst schema` prints its JSON Schema for editors;\n"
    yield "`prodfirst validate` shows every error at once.\n"
    yield from _table("The file", schema, schema)
    for name, part in schema["$defs"].items():
        if part.get("type") == "object":
            yield from _table(_title(name), part, schema)


def _title(name: str) -> str:
    return {
        "EnvironmentEntry": "One of `environments`",
        "TeamEntry": "One of `teams`",
        "StackEntry": "One of `stacks`",
    }[name]


def _table(title: str, part: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {title}\n\n{part.get('description', '')}\n\n"
    yield "| key | needed | form | meaning |\n|---|---|---|---|\n"
    required = part.get("required", ())
    for key, item in part["properties"].items():
        needed = "yes" if key in required else f"no{_default(item)}"
        yield f"| `{key}` | {needed} | {_form(item, schema)} | {item.get('description', '')} |\n"


def _default(item: Mapping[str, Any]) -> str:
    return f", `{str(item['default']).lower()}`" if item.get("default") is not None else ""


def _form(item: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "$ref" in item:
        return _form(schema["$defs"][item["$ref"].rpartition("/")[2]], schema)
    if "const" in item:
        return f"`{item['const']}`"
    if "enum" in item:
        return ", ".join(f"`{value}`" for value in item["enum"])
    if "anyOf" in item:
        return next(_form(other, schema) for other in item["anyOf"] if other.get("type") != "null")
    match item.get("type"):
        case "array":
            return f"list of {_form(item['items'], schema)}"
        case "object":
            return "mapping"
        case kind:
            return {"string": "text", "boolean": "`true` or `false`", "integer": "number"}[str(kind)]


if __name__ == "__main__":
    sys.exit(settle(_FOLDER, pages()))
