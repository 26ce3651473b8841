"""Whether the conditions of a statement hold for a request.

Source: IAM User Guide, "Creating a condition with multiple keys or values": every operator and key must
hold; several values of a policy are alternatives, and with a negated operator none of them may match.
"""

from __future__ import annotations

from dataclasses import dataclass

from prodfirst.access.aws.operators import Operator, Quantifier, Tokens, plain
from prodfirst.access.aws.patterns import Pattern
from prodfirst.access.aws.requests import Context


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key."""

    operator: Operator
    key: str
    """In lower case."""
    values: tuple[Pattern, ...]


def hold(conditions: tuple[Condition, ...], context: Context) -> bool:
    """Whether all hold."""
    return all(_holds(condition, context) for condition in conditions)


def _holds(condition: Condition, context: Context) -> bool:
    operator, given = condition.operator, context.get(condition.key)
    if operator.name == "null":
        return any((value.text.lower() == "true") == (given is None) for value in condition.values)
    if given is None:
        return _absent(operator)
    wanted = _resolved(condition, context)
    match operator.quantifier:
        case Quantifier.ALL:
            # no values, or an empty one, count as none (IAM User Guide, set operators)
            return given == ("",) or all(_fits(operator, value, wanted) for value in given)
        case Quantifier.ANY:
            return any(_fits(operator, value, wanted) for value in given)
        case None:
            return _fits_one(operator, given, wanted)


def _absent(operator: Operator) -> bool:
    """A key that the request does not have: no value matches, so what is negated holds."""
    if operator.if_exists or operator.quantifier is Quantifier.ALL:
        return True
    return operator.negated and operator.quantifier is None


def _fits(operator: Operator, value: str, wanted: tuple[Tokens, ...]) -> bool:
    return operator.negated != any(operator.compare(value, tokens) for tokens in wanted)


def _fits_one(operator: Operator, given: tuple[str, ...], wanted: tuple[Tokens, ...]) -> bool:
    """Without a quantifier. Tags whose keys differ in case alone are several values: any may match."""
    return operator.negated != any(operator.compare(value, tokens) for value in given for tokens in wanted)


def _resolved(condition: Condition, context: Context) -> tuple[Tokens, ...]:
    """The values; one with a variable that the request has no value for matches nothing."""
    if not condition.operator.takes_variables:
        return tuple(plain(value) for value in condition.values)
    resolved = (value.resolved(context.single) for value in condition.values)
    return tuple(tokens for tokens in resolved if tokens is not None)
