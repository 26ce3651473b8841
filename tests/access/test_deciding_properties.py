"""What holds of every decision, whatever the policies are."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_strategies import documents, requests, situations, statements

from prodfirst.access.aws.deciding import decide
from prodfirst.access.aws.documents import Document, parse
from prodfirst.access.aws.policies import Policies
from prodfirst.access.aws.requests import Request

_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine with much else to do fails no property."""


@_PATIENT
@given(requests(), situations(), documents(effect="Deny"))
def test_a_further_deny_never_allows(request: Request, policies: Policies, denial: Document) -> None:
    if not decide(request, policies).allowed:
        assert not decide(request, replace(policies, identity=(*policies.identity, denial))).allowed


@_PATIENT
@given(requests(), situations(), documents(effect="Allow"))
def test_a_further_allow_never_denies(request: Request, policies: Policies, grant: Document) -> None:
    if decide(request, policies).allowed:
        assert decide(request, replace(policies, identity=(*policies.identity, grant))).allowed


@_PATIENT
@given(requests(), situations(), documents())
def test_a_boundary_only_shrinks(request: Request, policies: Policies, limit: Document) -> None:
    free = decide(request, replace(policies, boundary=None)).allowed
    assert free or not decide(request, replace(policies, boundary=limit)).allowed


@_PATIENT
@given(requests(), situations(), st.lists(documents(), max_size=2).map(tuple))
def test_a_session_policy_only_shrinks(
    request: Request, policies: Policies, limit: tuple[Document, ...]
) -> None:
    free = decide(request, replace(policies, session=None)).allowed
    assert free or not decide(request, replace(policies, session=limit)).allowed


@_PATIENT
@given(requests(), situations(), st.randoms(use_true_random=False))
def test_order_has_no_say(request: Request, policies: Policies, random: Random) -> None:
    def shuffled(items: tuple[Document, ...]) -> tuple[Document, ...]:
        turned = [replace(item, statements=tuple(reversed(item.statements))) for item in items]
        random.shuffle(turned)
        return tuple(turned)

    other = replace(
        policies,
        identity=shuffled(policies.identity),
        session=None if policies.session is None else shuffled(policies.session),
        organization=tuple(shuffled(level) for level in reversed(policies.organization)),
    )
    assert decide(request, other) == decide(request, policies)


@_PATIENT
@given(requests(), situations())
def test_every_answer_says_why(request: Request, policies: Policies) -> None:
    decision = decide(request, policies)
    assert decision.reason
    assert (decision.statement is None) == bool(decision.missing)
    assert not (decision.allowed and decision.missing)


@_PATIENT
@given(requests(), st.lists(statements(), min_size=1, max_size=4))
def test_splitting_a_policy_changes_nothing(request: Request, listed: list[dict[str, object]]) -> None:
    version = "2012-10-17"
    whole = (parse("p", {"Version": version, "Statement": listed}),)
    parts = tuple(parse("p", {"Version": version, "Statement": item}) for item in listed)
    assert decide(request, Policies(whole)).allowed == decide(request, Policies(parts)).allowed
