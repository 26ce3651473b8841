"""Comparing documents: what counts as a difference, and what does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prodfirst.drift.identities import IdentityFacts, RoleFacts, identity_drift

_ALLOW = {"Sid": "A", "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": ["*"]}
_MORE = {"Sid": "B", "Effect": "Allow", "Action": "*", "Resource": "*"}


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


_ROLE = RoleFacts(_document(_ALLOW), "arn:boundary", {"own": _document(_ALLOW)}, frozenset({"arn:own"}))
_FACTS = IdentityFacts({"r": _ROLE}, {"arn:own": _document(_ALLOW)}, {"arn:p": frozenset({"sts"})})


def _rules(live: IdentityFacts) -> list[str]:
    return [finding.rule for finding in identity_drift(_FACTS, live)]


def test_equal_facts_differ_in_nothing() -> None:
    assert identity_drift(_FACTS, _FACTS) == ()


def test_order_and_lists_of_one_are_no_difference() -> None:
    turned = _document({**_ALLOW, "Action": ["s3:List*", "s3:Get*"], "Resource": "*"})
    assert _rules(replace(_FACTS, policies={"arn:own": turned})) == []


def test_a_changed_document_says_which_statement_is_new() -> None:
    (finding,) = identity_drift(_FACTS, replace(_FACTS, policies={"arn:own": _document(_ALLOW, _MORE)}))
    assert finding.rule == "identity-changed"
    assert '"Sid": "B"' in finding.why
    assert '"Sid": "A"' not in finding.why


def test_additions_come_first_then_changes_then_what_is_gone() -> None:
    role = replace(_ROLE, boundary="", attached=frozenset({"arn:other"}))
    assert _rules(replace(_FACTS, roles={"r": role})) == [
        "identity-added",
        "identity-changed",
        "identity-gone",
    ]


def test_a_role_that_is_gone_and_one_that_came_are_found() -> None:
    assert _rules(replace(_FACTS, roles={"other": _ROLE})) == ["identity-added", "identity-gone"]


def test_a_provider_that_is_gone_is_found() -> None:
    assert _rules(replace(_FACTS, providers={})) == ["identity-gone"]
