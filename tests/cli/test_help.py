"""Each command and each of its options says what it is, in 80 columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from prodfirst.cli.main import root

_WIDTH = 80


def _commands(command: click.Command, context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _commands(child, click.Context(child, info_name=name, parent=context))


ALL = {
    context.command_path: context
    for context in _commands(
        root, click.Context(root, info_name="prodfirst", terminal_width=_WIDTH, **root.context_settings)
    )
}


@pytest.mark.parametrize("path", ALL)
def test_help_fits_and_cuts_no_sentence_off(path: str) -> None:
    lines = ALL[path].command.get_help(ALL[path]).splitlines()
    assert [line for line in lines if len(line) > _WIDTH] == []
    listed = [line for line in lines if re.match(r"^  [a-z]+  ", line)]
    assert [line for line in listed if line.endswith("...")] == []


@pytest.mark.parametrize("path", ALL)
def test_every_option_says_what_it_is_for(path: str) -> None:
    options = (item for item in ALL[path].command.params if isinstance(item, click.Option))
    assert [item.name for item in options if not item.help] == []


def test_the_local_cloud_lists_its_commands_in_the_order_of_their_use() -> None:
    local = ALL["prodfirst local"].command
    assert isinstance(local, click.Group)
    assert local.list_commands(ALL["prodfirst local"])[:4] == ["up", "down", "reset", "status"]
