"""Policy documents as frozen statements.

Source of the grammar: IAM User Guide, "Grammar of the IAM JSON policy language". A document that does not
fit it is refused whole, with everything that is wrong: a statement that is half understood decides nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from prodfirst.access.aws.conditions import Condition
from prodfirst.access.aws.operators import operator
from prodfirst.access.aws.patterns import Pattern, one_of, pattern
from prodfirst.access.aws.principals import Principals, principals
from prodfirst.kernel.errors import InvalidInput, Problem

_VERSIONS = ("2008-10-17", "2012-10-17")
_PAIRS = ("Action", "Principal", "Resource")
"""Elements that have a `Not…` beside them."""
_ELEMENTS = frozenset({"Sid", "Effect", "Condition", *_PAIRS, *(f"Not{element}" for element in _PAIRS)})
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")


class Effect(Enum):
    """What a statement does where it applies."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True)
class Matcher:
    """`Action` or `NotAction`, `Resource` or `NotResource`."""

    patterns: tuple[Pattern, ...]
    negated: bool = False

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """What fits one of the patterns, read without variables and case: made once, asked in every call."""
        return one_of(pattern.literal for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement."""

    effect: Effect
    actions: Matcher
    resources: Matcher | None
    """None in a trust policy: it speaks of its own role."""
    principals: Principals | None
    """None in an identity policy: it speaks of whom it is attached to."""
    conditions: tuple[Condition, ...]
    sid: str
    index: int
    """From 0."""

    @property
    def label(self) -> str:
        """The Sid, or the place where there is none."""
        return self.sid or f"statement {self.index}"


@dataclass(frozen=True, slots=True)
class Document:
    """One policy."""

    name: str
    """A managed policy's ARN, or an inline policy's name."""
    statements: tuple[Statement, ...]


def parse(name: str, source: str | Mapping[str, Any]) -> Document:
    """The policy `name` from its JSON. Raises InvalidInput with all that is wrong."""
    try:
        data = json.loads(source) if isinstance(source, str) else source
    except ValueError as error:
        raise InvalidInput(Problem("the policy is not JSON", name, str(error))) from error
    if not isinstance(data, Mapping):
        raise InvalidInput(Problem("the policy is not a JSON object", name))
    version = data.get("Version", _VERSIONS[0])
    listed = data.get("Statement", [])
    items = list(enumerate(listed if isinstance(listed, list) else [listed]))
    problems = [] if version in _VERSIONS else [Problem(f"`{version}` is no version of policies", name)]
    if not items:
        problems.append(Problem("the policy has no statement", name))
    for index, item in items:
        problems += (Problem(text, f"{name}, statement {index}") for text in _wrong(item))
    if problems:
        raise InvalidInput(*problems)
    return Document(name, tuple(_statement(item, index, version == _VERSIONS[1]) for index, item in items))


def _statement(item: Mapping[str, Any], index: int, variables: bool) -> Statement:
    actions = _matcher(item, "Action", variables=False)
    conditions = [
        Condition(found, key.lower(), _patterns(values, variables))
        for name, keys in item.get("Condition", {}).items()
        if (found := operator(name))
        for key, values in keys.items()
    ]
    assert actions is not None  # noqa: S101 - `_wrong` looked
    return Statement(
        effect=Effect(item["Effect"]),
        actions=actions,
        resources=_matcher(item, "Resource", variables),
        principals=_principals(item),
        conditions=tuple(conditions),
        sid=item.get("Sid", ""),
        index=index,
    )


def _matcher(item: Mapping[str, Any], element: str, variables: bool) -> Matcher | None:
    for key in (element, f"Not{element}"):
        if key in item:
            return Matcher(_patterns(item[key], variables), negated=key != element)
    return None


def _principals(item: Mapping[str, Any]) -> Principals | None:
    for key in ("Principal", "NotPrincipal"):
        if key in item:
            return principals(item[key], negated=key != "Principal")
    return None


def _patterns(value: Any, variables: bool) -> tuple[Pattern, ...]:
    return tuple(pattern(text, variables=variables) for text in strings(value))


def strings(value: Any) -> tuple[str, ...]:
    """One value or a list of them, as AWS takes either; numbers and booleans as JSON writes them."""
    items = value if isinstance(value, list) else [value]
    return tuple(item if isinstance(item, str) else json.dumps(item) for item in items)


def _wrong(item: Any) -> Iterator[str]:
    if not isinstance(item, Mapping):
        yield "a statement is a JSON object"
        return
    for element in sorted(set(item) - _ELEMENTS):
        yield f"`{element}` is no element of a statement"
    if item.get("Effect") not in ("Allow", "Deny"):
        yield "`Effect` is `Allow` or `Deny`"
    if not isinstance(item.get("Sid", ""), str):
        yield "`Sid` is a string"
    for element in _PAIRS:
        if element in item and f"Not{element}" in item:
            yield f"`{element}` and `Not{element}` do not go together"
    if "Action" not in item and "NotAction" not in item:
        yield "a statement needs `Action` or `NotAction`"
    for action in strings(item.get("Action", item.get("NotAction", []))):
        if not _ACTION.fullmatch(action):
            yield f"`{action}` is no action"
    yield from _wrong_conditions(item.get("Condition", {}))


def _wrong_conditions(conditions: Any) -> Iterator[str]:
    if not isinstance(conditions, Mapping):
        yield "`Condition` is a JSON object"
        return
    for name, keys in conditions.items():
        if operator(name) is None:
            yield f"`{name}` is no condition operator"
        if not isinstance(keys, Mapping):
            yield f"the keys of `{name}` are a JSON object"
