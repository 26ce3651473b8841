"""Each command that a page names is one, with the options that it is given there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pages import DOCS

from prodfirst.cli.main import root

PAGES = [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
_INLINE = re.compile(r"`(prodfirst [^`]+)`")
_LINE = re.compile(r"^(?:.*&& |.*\$\()?(prodfirst .+)$", re.MULTILINE)
_OPTION = re.compile(r"-[a-z]|--[a-z-]+")


def _lines(page: Path) -> Iterator[str]:
    text = page.read_text()
    yield from _INLINE.findall(text)
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield from _LINE.findall(block.replace("\\\n", " "))


def _words(line: str) -> list[str]:
    """Up to where another program, or a comment, begins."""
    words = shlex.split(line.replace(')"', ""), comments=True)[1:]
    ends = [words.index(end) for end in ("--", "&&", "||", "|", ">") if end in words]
    return words[: min(ends, default=len(words))]


def _unknown(line: str) -> Iterator[str]:
    words, command = _words(line), click.Command("")
    within: click.Group | None = root
    for word in words:
        if _OPTION.fullmatch(name := word.partition("=")[0]):
            known = {option for item in (command, root) for each in item.params for option in each.opts}
            if name not in {*known, "-h", "--help"}:
                yield word
        elif within is not None:
            found = within.get_command(click.Context(within), word.strip(",…"))
            if found is None:
                yield word
                return
            command = found
            # `sync, check` names two of one group
            if not word.endswith(","):
                within = found if isinstance(found, click.Group) else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_that_a_page_names_is_one(page: Path) -> None:
    unknown = {line: found for line in _lines(page) if (found := list(_unknown(line)))}
    assert unknown == {}


def test_a_command_that_is_none_is_seen() -> None:
    assert list(_unknown("prodfirst plann")) == ["plann"]
    assert list(_unknown("prodfirst plan --ouch x")) == ["--ouch"]
    assert list(_unknown("prodfirst local exec --as a/plan -- aws --profile x")) == []
    assert list(_unknown("prodfirst permissions sync, chek")) == ["chek"]
