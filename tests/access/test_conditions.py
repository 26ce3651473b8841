"""Every condition operator with a value that fits and one that does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from policy_layouts import allow, ask, decided, policy, under

from prodfirst.kernel.errors import InvalidInput

_ARN = "arn:aws:iam::111122223333:role/a"
TABLE: list[tuple[str, Any, str, str]] = [
    # operator, value of the policy, a value that fits, one that does not
    ("StringEquals", "Team", "Team", "team"),
    ("StringNotEquals", "Team", "team", "Team"),
    ("StringEqualsIgnoreCase", "Team", "tEAM", "teams"),
    ("StringNotEqualsIgnoreCase", "Team", "teams", "tEAM"),
    ("StringLike", "a*c?", "abbcd", "abbc"),
    ("StringNotLike", "a*c?", "abbc", "abbcd"),
    ("StringEquals", "a*", "a*", "ab"),
    ("NumericEquals", "10", "10.0", "11"),
    ("NumericNotEquals", "10", "11", "10"),
    ("NumericLessThan", "10", "9", "10"),
    ("NumericLessThanEquals", "10", "10", "11"),
    ("NumericGreaterThan", "10", "11", "10"),
    ("NumericGreaterThanEquals", 10, "10", "9"),
    ("NumericEquals", "10", "10", "ten"),
    ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", "1767225601"),
    ("DateNotEquals", "2026-01-01", "2026-01-02", "2026-01-01T00:00:00Z"),
    ("DateLessThan", "2026-01-01", "2025-12-31T23:59:59Z", "2026-01-01"),
    ("DateLessThanEquals", "2026-01-01", "2026-01-01", "2026-01-01T00:00:01Z"),
    ("DateGreaterThan", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z"),
    ("DateGreaterThanEquals", "2026-01-01", "2026-01-01", "yesterday"),
    ("Bool", "true", "True", "false"),
    ("Bool", False, "false", "true"),
    ("BinaryEquals", "QUJD", "QUJD", "QUJE"),
    ("IpAddress", "203.0.113.0/24", "203.0.113.9", "203.0.114.9"),
    ("IpAddress", "2001:db8::/32", "2001:db8::1", "2001:db9::1"),
    ("IpAddress", "203.0.113.9", "203.0.113.9", "no address"),
    ("NotIpAddress", "203.0.113.0/24", "203.0.114.9", "203.0.113.9"),
    ("ArnEquals", _ARN, _ARN, _ARN + "b"),
    ("ArnEquals", "arn:aws:iam::*:role/*", _ARN, "arn:aws:iam::111122223333:user/a"),
    ("ArnLike", "arn:aws:iam::1111*:role/?", _ARN, _ARN + "b"),
    ("ArnNotEquals", _ARN, _ARN + "b", _ARN),
    ("ArnNotLike", "arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:user/a", _ARN),
    ("StringEquals", ["a", "b"], "b", "c"),
    ("StringNotEquals", ["a", "b"], "c", "b"),
]


def _allowed(
    operator: str, wanted: Any, keys: Mapping[str, str | Iterable[str]], name: str = "aws:x"
) -> bool:
    return decided(under(ask(), keys), policy(allow(Condition={operator: {name: wanted}}))).allowed


@pytest.mark.parametrize(("operator", "wanted", "fits", "_other"), TABLE)
def test_a_value_that_fits_allows(operator: str, wanted: Any, fits: str, _other: str) -> None:
    assert _allowed(operator, wanted, {"aws:X": fits})
    assert _allowed(operator + "IfExists", wanted, {"aws:X": fits})
    assert _allowed("ForAnyValue:" + operator, wanted, {"aws:X": [fits]})
    assert _allowed("ForAllValues:" + operator, wanted, {"aws:X": [fits, fits]})


@pytest.mark.parametrize(("operator", "wanted", "fits", "other"), TABLE)
def test_a_value_that_does_not_fit_denies(operator: str, wanted: Any, fits: str, other: str) -> None:
    assert not _allowed(operator, wanted, {"aws:X": other})
    assert not _allowed(operator + "IfExists", wanted, {"aws:X": other})
    assert not _allowed("ForAnyValue:" + operator, wanted, {"aws:X": [other]})
    assert not _allowed("ForAllValues:" + operator, wanted, {"aws:X": [fits, other]})
    assert _allowed("ForAnyValue:" + operator, wanted, {"aws:X": [fits, other]})


@pytest.mark.parametrize(("operator", "wanted", "_fits", "_other"), TABLE)
def test_a_key_that_the_request_does_not_have(operator: str, wanted: Any, _fits: str, _other: str) -> None:
    negated = "Not" in operator
    assert _allowed(operator, wanted, {}) is negated
    assert _allowed(operator + "IfExists", wanted, {})
    assert _allowed("ForAllValues:" + operator, wanted, {})
    assert not _allowed("ForAnyValue:" + operator, wanted, {})


@pytest.mark.parametrize(
    ("wanted", "keys", "allowed"),
    [("true", {}, True), ("true", {"aws:x": "1"}, False), (False, {}, False), (False, {"aws:x": "1"}, True)],
)
def test_null_asks_whether_a_key_is_absent(wanted: Any, keys: Mapping[str, str], allowed: bool) -> None:
    assert _allowed("Null", wanted, keys) is allowed


def test_for_all_values_of_an_empty_value_holds() -> None:
    assert _allowed("ForAllValues:StringEquals", "a", {"aws:x": ""})
    assert _allowed("ForAllValues:StringEquals", "a", {"aws:x": []})
    assert not _allowed("StringEquals", "a", {"aws:x": ""})


def test_several_operators_and_keys_must_all_hold() -> None:
    both = policy(
        allow(Condition={"StringEquals": {"aws:x": "1", "aws:y": "2"}, "Bool": {"aws:z": "true"}}),
    )
    held = {"aws:x": "1", "aws:y": "2", "aws:z": "true"}
    assert decided(under(ask(), held), both).allowed
    for key in held:
        assert not decided(under(ask(), held | {key: "other"}), both).allowed


def test_tags_whose_keys_differ_in_case_alone_are_alternatives() -> None:
    keys = {"aws:RequestTag/Team": "a", "aws:RequestTag/team": "b"}
    assert _allowed("StringEquals", "a", keys, "aws:requesttag/TEAM")
    assert _allowed("StringEquals", "b", keys, "aws:requesttag/TEAM")
    assert not _allowed("StringNotEquals", "b", keys, "aws:requesttag/TEAM")


@pytest.mark.parametrize(
    "operator", ["StringEqual", "NumericLike", "ForSome:StringEquals", "NullIfExists", "ForAllValues:Null"]
)
def test_an_operator_that_aws_does_not_have_is_refused(operator: str) -> None:
    with pytest.raises(InvalidInput, match=f"`{operator}` is no condition operator"):
        policy(allow(Condition={operator: {"aws:x": "1"}}))


@pytest.mark.parametrize(
    ("wanted", "value", "allowed"),
    [
        ("${aws:username}", "eve", True),
        ("${aws:username}", "adam", False),
        ("${AWS:UserName}-*", "eve-1", True),
        ("${aws:missing}", "", False),
        ("${aws:missing, 'nobody'}", "nobody", True),
        ("${*}", "*", True),
        ("${*}", "a", False),
        ("${$}{x}", "${x}", True),
    ],
)
def test_variables_stand_for_the_request_s_values(wanted: str, value: str, allowed: bool) -> None:
    assert _allowed("StringLike", wanted, {"aws:x": value, "aws:username": "eve"}) is allowed


def test_a_wildcard_in_a_variable_s_value_is_none() -> None:
    keys = {"aws:x": "team-b", "aws:principaltag/team": "team-*"}
    assert not _allowed("StringLike", "${aws:PrincipalTag/team}", keys)
    assert _allowed("StringLike", "${aws:PrincipalTag/team}", keys | {"aws:x": "team-*"})


def test_numbers_and_addresses_know_no_variables() -> None:
    assert not _allowed("NumericEquals", "${aws:y}", {"aws:x": "1", "aws:y": "1"})


def test_an_old_policy_knows_no_variables() -> None:
    statement = allow(Condition={"StringEquals": {"aws:x": "${aws:username}"}})
    request = under(ask(), {"aws:x": "${aws:username}", "aws:username": "eve"})
    assert decided(request, policy(statement, version="2008-10-17")).allowed
    assert not decided(request, policy(statement)).allowed
