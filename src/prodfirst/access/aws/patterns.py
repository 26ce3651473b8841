"""Strings with `*`, `?` and policy variables, and how AWS matches them.

Source: IAM User Guide, "IAM JSON policy elements: Resource" and "IAM policy elements: variables and tags".
A value that a variable stands for is literal: a `*` in a tag matches a `*` and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

ARN_SEGMENTS = 6
"""`arn:partition:service:region:account:resource`; the last one may hold colons."""

Lookup = Callable[[str], str | None]
"""The value of a variable by its key; None where the request has no single value for it."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ESCAPES = frozenset("*?$")


@dataclass(frozen=True, slots=True)
class Literal:
    """Characters that stand for themselves."""

    text: str


@dataclass(frozen=True, slots=True)
class Wild:
    """`*` (any characters) or `?` (one character)."""

    sign: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}` or `${key, 'default'}`."""

    key: str
    default: str | None = None


Token = Literal | Wild | Variable


@dataclass(frozen=True, slots=True)
class Pattern:
    """One string of a policy, taken apart."""

    text: str
    tokens: tuple[Token, ...]

    @property
    def literal(self) -> tuple[Literal | Wild, ...]:
        """The tokens of a pattern that was read without variables."""
        return tuple(token for token in self.tokens if not isinstance(token, Variable))

    def resolved(self, lookup: Lookup) -> tuple[Literal | Wild, ...] | None:
        """The pattern with the values of its variables; None where one has no value."""
        result: list[Literal | Wild] = []
        for token in self.tokens:
            if isinstance(token, Variable):
                value = lookup(token.key)
                value = token.default if value is None else value
                if value is None:
                    return None
                result.append(Literal(value))
            else:
                result.append(token)
        return tuple(result)


def pattern(text: str, *, variables: bool) -> Pattern:
    """Take a string apart; `variables` is False for policies of version 2008-10-17, which have none."""
    tokens: list[Token] = []
    position = 0
    for match in _VARIABLE.finditer(text) if variables else ():
        tokens += _globs(text[position : match.start()])
        tokens.append(_variable(match[1]))
        position = match.end()
    tokens += _globs(text[position:])
    return Pattern(text, tuple(tokens))


def matches(tokens: Iterable[Literal | Wild], value: str) -> bool:
    """Whether a whole string fits; a `*` crosses everything."""
    return _compiled(tuple(tokens), ".*").fullmatch(value) is not None


def matches_resource(tokens: tuple[Literal | Wild, ...], arn: str) -> bool:
    """Whether a resource fits: a `*` stays in its segment, unless it is the segment's last character."""
    return _compiled(tokens, "[^:]*").fullmatch(arn) is not None


def matches_arn(tokens: Iterable[Literal | Wild], arn: str) -> bool:
    """Whether an ARN fits as ArnLike and ArnEquals compare it: each of the six segments by itself."""
    wanted = _segments(tokens)
    given = arn.split(":", ARN_SEGMENTS - 1)
    if len(wanted) != ARN_SEGMENTS or len(given) != ARN_SEGMENTS:
        return False
    return all(matches(part, value) for part, value in zip(wanted, given, strict=True))


def _globs(text: str) -> Iterator[Literal | Wild]:
    for wild, characters in groupby(text, lambda character: character in "*?"):
        if wild:
            yield from (Wild(character) for character in characters)
        else:
            yield Literal("".join(characters))


def _variable(inner: str) -> Literal | Variable:
    if inner in _ESCAPES:
        return Literal(inner)
    key, comma, default = inner.partition(",")
    default = default.strip()
    quoted = len(default) > 1 and default[0] == default[-1] == "'"
    return Variable(key.strip().lower(), default[1:-1] if comma and quoted else None)


def one_of(alternatives: Iterable[tuple[Literal | Wild, ...]]) -> re.Pattern[str]:
    """What fits one of several as `matches` has it, whatever the case; for `fullmatch`."""
    text = "|".join(f"(?:{_text(tokens, '.*')})" for tokens in alternatives)
    # of none nothing fits
    return re.compile(text or "(?!)", re.DOTALL | re.IGNORECASE)


@lru_cache(maxsize=4096)
def _compiled(tokens: tuple[Literal | Wild, ...], star: str) -> re.Pattern[str]:
    return re.compile(_text(tokens, star), re.DOTALL)


def _text(tokens: tuple[Literal | Wild, ...], star: str) -> str:
    parts = []
    for position, token in enumerate(tokens):
        if isinstance(token, Literal):
            parts.append(re.escape(token.text))
        elif token.sign == "?":
            parts.append("." if star == ".*" else "[^:]")
        else:
            parts.append(".*" if _ends_segment(tokens, position) else star)
    return "".join(parts)


def _ends_segment(tokens: tuple[Literal | Wild, ...], position: int) -> bool:
    following = tokens[position + 1] if position + 1 < len(tokens) else None
    return following is None or (isinstance(following, Literal) and following.text.startswith(":"))


def _segments(tokens: Iterable[Literal | Wild]) -> tuple[tuple[Literal | Wild, ...], ...]:
    result: list[list[Literal | Wild]] = [[]]
    for token in tokens:
        if isinstance(token, Wild):
            result[-1].append(token)
            continue
        first, *rest = token.text.split(":", ARN_SEGMENTS - len(result))
        for index, text in enumerate((first, *rest)):
            if index:
                result.append([])
            if text:
                result[-1].append(Literal(text))
    return tuple(tuple(segment) for segment in result)
