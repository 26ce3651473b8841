"""Text that is safe to print: what others wrote can neither hide a line nor move the cursor."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

_QUOTED = re.compile("`[^`]+`")
_KEPT = "\u00a0"
"""A space at which no line is folded; `rows` lets none through."""


def printable(text: str) -> str:
    """`text` on one line, with every character that a terminal would obey written out.

    Names, values and messages come from programs, providers and plan files. An escape sequence among them
    could erase a line of a plan that somebody is about to approve; a right-to-left mark could reverse it.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _written_out(char) for char in text)


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def rows(text: str) -> Iterator[str]:
    """The lines of `text`, each of them printable; tabs become spaces."""
    for row in text.expandtabs(4).splitlines():
        yield printable(row.rstrip())


def clip(text: str, width: int) -> str:
    """`text`, cut to `width` columns."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


def paragraph(text: str, *, width: int | None, first: str = "", rest: str = "") -> Iterator[str]:
    """`text` in lines of at most `width` columns, the first begun with `first`, the others with `rest`.

    A word that is longer, such as an ARN, stays whole, and so does what is in backticks, such as a command:
    it is there to be copied. Without a width nothing is folded.
    """
    for index, row in enumerate(rows(text)):
        if width is None:
            yield f"{rest if index else first}{row}"
            continue
        folded = textwrap.wrap(
            _QUOTED.sub(lambda found: found[0].replace(" ", _KEPT), row),
            width=max(width, len(rest) + 20),
            initial_indent=rest if index else first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
        yield from (line.replace(_KEPT, " ") for line in folded or [""])
