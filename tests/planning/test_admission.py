"""What apply may do with an approved plan."""

from __future__ import annotations

import pytest
from planning_layouts import deployment, urn

from prodfirst.planning.admit import admit


@pytest.mark.parametrize(
    ("approved", "fresh"),
    [
        ("create a x=1", "create a x=1"),
        ("update a x=1", "update a x=1"),
        ("update a x=1", "same a x=1"),
        ("replace a x=1", "update a x=1"),
        ("replace a x=1", "same a x=1"),
        ("replace a x=1", "replace a x=1"),
        ("delete a x=1", "delete a x=2"),
        ("create a x=?", "create a x=?"),
        ("create a name=a-0a1b2c3", "create a name=a-fffffff"),
    ],
)
def test_a_plan_within_the_approved_one_is_admitted(approved: str, fresh: str) -> None:
    assert admit(deployment(approved), deployment(fresh)).refusals == ()


@pytest.mark.parametrize(
    ("approved", "fresh", "rule", "says"),
    [
        ("same a x=1", "update a x=2", "plan-operation", "`update` of `a`"),
        ("update a x=1", "replace a x=1", "plan-operation", "the approved plan has `update`"),
        ("update a x=1", "delete a", "plan-operation", "`delete`"),
        ("create a x=1", "create b x=1", "plan-operation", "the approved plan has nothing"),
        ("create a x=1", "update a x=1", "plan-operation", "`update`"),
        ("update a x=1", "update a x=2", "plan-value", "`x` of `a`"),
        ("update a x=1", "update a x=1 y=2", "plan-value", "`y` of `a`"),
        ("update a x=1", "update a x=?", "plan-value", "`x` of `a`"),
        ("update a x=!", "update a x=open", "plan-value", "`x` of `a`"),
        ("create a name=b-0a1b2c3", "create a name=b-fffffff", "plan-value", "`name`"),
    ],
)
def test_more_than_was_approved_is_refused_by_name(approved: str, fresh: str, rule: str, says: str) -> None:
    refusals = admit(deployment(approved), deployment(fresh)).refusals
    assert [refusal.rule for refusal in refusals] == [rule]
    assert says in refusals[0].what + refusals[0].why
    assert "prodfirst plan" in refusals[0].fix


def test_what_was_unknown_is_listed_once_it_is_known() -> None:
    admission = admit(deployment("create a x=? y=1"), deployment("create a x=7 y=1"))
    assert admission.refusals == ()
    assert [(item.of, item.path, item.value) for item in admission.resolved] == [(urn("a"), "x", "7")]


def test_another_program_is_refused_even_with_equal_steps() -> None:
    refusals = admit(deployment("same a"), deployment("same a", program="sha256:other")).refusals
    assert [refusal.rule for refusal in refusals] == ["plan-program-changed"]


@pytest.mark.parametrize(
    ("approved", "left"),
    [
        ("create a x=1", "update a x=1"),
        ("create a name=a-0a1b2c3", "update a name=a-fffffff"),
        ("replace a x=1", "create a x=1"),
        ("replace a x=1", "delete a x=0"),
    ],
)
def test_a_resumed_apply_may_do_what_is_left_of_its_work(approved: str, left: str) -> None:
    assert admit(deployment(approved), deployment(left)).refusals
    assert admit(deployment(approved), deployment(left), done=frozenset({urn("a")})).refusals == ()


@pytest.mark.parametrize("left", ["update a x=2", "replace a x=1", "delete a x=1"])
def test_a_resumed_apply_may_do_no_more_than_that(left: str) -> None:
    assert admit(deployment("create a x=1"), deployment(left), done=frozenset({urn("a")})).refusals
