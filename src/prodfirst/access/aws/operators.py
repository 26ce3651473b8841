"""The condition operators: how one value of a request compares with one value of a policy.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". Values that are not what an operator
compares (no number, no date, no address) do not match.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum

from prodfirst.access.aws.patterns import Literal, Pattern, Wild, matches, matches_arn

Tokens = tuple[Literal | Wild, ...]
Compare = Callable[[str, Tokens], bool]


class Quantifier(Enum):
    """How the values of a key with several count."""

    ALL = "forallvalues"
    ANY = "foranyvalue"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator as a policy names it."""

    name: str
    """Of the comparison, in lower case: without quantifier, `IfExists` and `Not`; `null` for Null."""
    negated: bool = False
    if_exists: bool = False
    quantifier: Quantifier | None = None

    @property
    def takes_variables(self) -> bool:
        """Policy variables stand in the values of string and ARN operators alone."""
        return self.name.startswith(("string", "arn"))

    def compare(self, value: str, wanted: Tokens) -> bool:
        """Whether a request's value fits a policy's value, before negation."""
        return _COMPARE[self.name](value, wanted)


def operator(text: str) -> Operator | None:
    """The operator of a name, whose case does not count; None where AWS has none such."""
    name = text.lower()
    quantifier = None
    for candidate in Quantifier:
        if name.startswith(f"{candidate.value}:"):
            quantifier, name = candidate, name.removeprefix(f"{candidate.value}:")
    if name == "null":
        return Operator("null") if quantifier is None else None
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    plain, negated = _NEGATIONS.get(name, (name, False))
    return Operator(plain, negated, if_exists, quantifier) if plain in _COMPARE else None


def written(tokens: Tokens) -> str:
    """The characters of a value in which `*` and `?` are no wildcards."""
    return "".join(token.text if isinstance(token, Literal) else token.sign for token in tokens)


def plain(text: Pattern) -> Tokens:
    """A value of an operator that knows no variables, as it is written."""
    return (Literal(text.text),)


def _exact(value: str, wanted: Tokens) -> bool:
    return value == written(wanted)


def _ignoring_case(value: str, wanted: Tokens) -> bool:
    return value.casefold() == written(wanted).casefold()


def _boolean(value: str, wanted: Tokens) -> bool:
    return value.lower() == written(wanted).lower() and value.lower() in ("true", "false")


def _binary(value: str, wanted: Tokens) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(written(wanted), validate=True)
    except (binascii.Error, ValueError):
        return False


def _address(value: str, wanted: Tokens) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(written(wanted), strict=False)
    except ValueError:
        return False


def _numeric(test: Callable[[Decimal, Decimal], bool]) -> Compare:
    def compare(value: str, wanted: Tokens) -> bool:
        try:
            left, right = Decimal(value), Decimal(written(wanted))
        except InvalidOperation:
            return False
        return left.is_finite() and right.is_finite() and test(left, right)

    return compare


def _dated(test: Callable[[Decimal, Decimal], bool]) -> Compare:
    def compare(value: str, wanted: Tokens) -> bool:
        left, right = _moment(value), _moment(written(wanted))
        return left is not None and right is not None and test(left, right)

    return compare


def _moment(text: str) -> Decimal | None:
    """Seconds of the epoch, from themselves or from an ISO 8601 date; without a zone it is UTC."""
    try:
        number = Decimal(text)
        return number if number.is_finite() else None
    except InvalidOperation:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Decimal((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


_ORDERINGS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "equals": lambda left, right: left == right,
    "lessthan": lambda left, right: left < right,
    "lessthanequals": lambda left, right: left <= right,
    "greaterthan": lambda left, right: left > right,
    "greaterthanequals": lambda left, right: left >= right,
}
_COMPARE: Mapping[str, Compare] = {
    "stringequals": _exact,
    "stringequalsignorecase": _ignoring_case,
    "stringlike": lambda value, wanted: matches(wanted, value),
    "arnequals": lambda value, wanted: matches_arn(wanted, value),
    "arnlike": lambda value, wanted: matches_arn(wanted, value),
    "bool": _boolean,
    "binaryequals": _binary,
    "ipaddress": _address,
    **{f"numeric{name}": _numeric(test) for name, test in _ORDERINGS.items()},
    **{f"date{name}": _dated(test) for name, test in _ORDERINGS.items()},
}
_NEGATIONS: Mapping[str, tuple[str, bool]] = {
    "stringnotequals": ("stringequals", True),
    "stringnotequalsignorecase": ("stringequalsignorecase", True),
    "stringnotlike": ("stringlike", True),
    "arnnotequals": ("arnequals", True),
    "arnnotlike": ("arnlike", True),
    "notipaddress": ("ipaddress", True),
    "numericnotequals": ("numericequals", True),
    "datenotequals": ("dateequals", True),
}
