"""The evaluation logic of AWS, each rule with a request that it allows and one that it denies."""

from __future__ import annotations

from typing import Any

import pytest
from policy_layouts import (
    ACCOUNT,
    IAM,
    KEY,
    OBJECT,
    OTHER,
    ROLE,
    ROOT,
    SESSION,
    STRANGER,
    USER,
    allow,
    ask,
    bucket,
    decided,
    deny,
    key_policy,
    policy,
    trust,
    under,
)

from prodfirst.access.aws.documents import parse
from prodfirst.access.aws.policies import Kind
from prodfirst.access.aws.requests import Principal, PrincipalKind
from prodfirst.kernel.errors import InvalidInput

_ALL = policy(allow())


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [("s3:GetObject", True), ("S3:getobject", True), ("s3:Get*", True), ("s3:GetObjec?", True), ("*", True),
     ("s3:Put*", False), ("s3:Get", False), ("s3:?etObjects", False)],
)  # fmt: skip
def test_actions_match_in_any_case_and_by_wildcards(pattern: str, allowed: bool) -> None:
    assert decided(ask(), policy(allow(pattern))).allowed is allowed
    assert decided(ask(), policy(allow(None, NotAction=pattern))).allowed is not allowed


@pytest.mark.parametrize(
    ("pattern", "resource", "allowed"),
    [
        ("arn:aws:s3:::data/*", OBJECT, True),
        ("arn:aws:s3:::data/*", "arn:aws:s3:::Data/a", False),
        ("arn:aws:s3:::da?a/*", OBJECT, True),
        ("arn:aws:s3:::data", OBJECT, False),
        ("arn:aws:s3:::data*b", OBJECT, True),
        ("arn:aws:s3:::data/a:b/*", "arn:aws:s3:::data/a:b/c:d", True),
        ("arn:aws:ec2:*:*:vpc/*", f"arn:aws:ec2:eu-central-1:{ACCOUNT}:vpc/1", True),
        ("arn:aws:ec2:*central*:*:vpc/*", f"arn:aws:ec2:eu-central-1:{ACCOUNT}:vpc/1", True),
        ("arn:aws:ec2:eu*1:vpc/1", f"arn:aws:ec2:eu-central-1:{ACCOUNT}:vpc/1", False),
        ("arn:aws:ec2:*", f"arn:aws:ec2:eu-central-1:{ACCOUNT}:vpc/1", True),
        ("*", "*", True),
        ("arn:aws:ec2:*:*:*", "*", False),
    ],
)
def test_resources_match_by_segment(pattern: str, resource: str, allowed: bool) -> None:
    assert decided(ask(resource=resource), policy(allow(resource=pattern))).allowed is allowed
    assert (
        decided(ask(resource=resource), policy(allow(resource=None, NotResource=pattern))).allowed
        is not allowed
    )


def test_a_variable_in_a_resource() -> None:
    own = policy(allow(resource="arn:aws:s3:::data/${aws:PrincipalTag/team}/*"))
    assert decided(under(ask(), {"aws:PrincipalTag/team": "a"}), own).allowed
    assert not decided(under(ask(), {"aws:PrincipalTag/team": "b"}), own).allowed
    assert not decided(under(ask(), {"aws:PrincipalTag/team": "*"}), own).allowed
    assert not decided(ask(), own).allowed


def test_a_variable_without_a_value_in_not_resource_never_opens_anything() -> None:
    other = {"NotResource": "arn:aws:s3:::data/${aws:username}/*"}
    assert not decided(ask(), policy(allow(resource=None, **other))).allowed
    assert not decided(ask(), _ALL, policy(deny(resource=None, **other))).allowed
    assert decided(ask(aws__username="eve"), policy(allow(resource=None, **other))).allowed


def test_without_any_statement_that_fits_the_answer_is_no_and_says_what_lacked() -> None:
    decision = decided(ask(), policy(allow("ec2:*")))
    assert not decision.allowed
    assert decision.statement is None
    assert decision.missing == (Kind.IDENTITY,)
    assert decision.reason == "because no identity-based policy allows the s3:GetObject action"


def test_the_statement_that_allows_is_named() -> None:
    decision = decided(ask(), policy(allow("s3:*", Sid="Objects"), name="reader"))
    assert decision.allowed
    assert str(decision.statement) == "identity-based policy `reader`, `Objects`"


@pytest.mark.parametrize("principal", [USER, SESSION, ROOT])
@pytest.mark.parametrize("kind", ["identity", "boundary", "session", "resource", "organization"])
def test_an_explicit_deny_anywhere_wins(kind: str, principal: Principal) -> None:
    closed = policy(allow(), deny("s3:GetObject", Sid="Never"), name="closed")
    own = bucket(allow(Principal="*"), deny(Principal="*", Sid="Never"))
    policies: dict[str, dict[str, Any]] = {
        "identity": {},
        "boundary": {"boundary": closed},
        "session": {"session": (closed,)},
        "resource": {"resource": own},
        "organization": {"organization": ((closed,),)},
    }
    extra = (closed,) if kind == "identity" else ()
    decision = decided(ask(principal=principal), _ALL, *extra, **policies[kind])
    assert not decision.allowed
    assert decision.statement is not None
    assert decision.statement.statement == "Never"
    assert decision.reason.startswith("with an explicit deny in ")
    assert decided(ask("s3:PutObject", principal=principal), _ALL, *extra, **{
        key: value for key, value in policies[kind].items() if kind != "resource"
    }).allowed  # fmt: skip


@pytest.mark.parametrize("limit", ["boundary", "session", "organization"])
def test_a_limit_allows_only_what_it_names_and_nothing_by_itself(limit: str) -> None:
    only = policy(allow("s3:GetObject"))
    limits: dict[str, dict[str, Any]] = {
        "boundary": {"boundary": only},
        "session": {"session": (only,)},
        "organization": {"organization": ((_ALL,), (only,))},
    }
    given = limits[limit]
    kind = {"boundary": Kind.BOUNDARY, "session": Kind.SESSION, "organization": Kind.ORGANIZATION}[limit]
    assert decided(ask(principal=SESSION), _ALL, **given).allowed
    assert decided(ask("s3:PutObject", principal=SESSION), _ALL, **given).missing == (kind,)
    assert not decided(ask(principal=SESSION), **given).allowed


def test_two_policies_of_a_session_or_of_one_level_are_alternatives() -> None:
    two = (policy(allow("s3:Get*")), policy(allow("s3:Put*")))
    for action in ("s3:GetObject", "s3:PutObject"):
        assert decided(ask(action, principal=SESSION), _ALL, session=two).allowed
        assert decided(ask(action), _ALL, organization=(two,)).allowed
    assert not decided(ask("s3:DeleteObject", principal=SESSION), _ALL, session=two).allowed
    assert not decided(ask("s3:DeleteObject"), _ALL, organization=(two,)).allowed


def test_an_empty_session_policy_set_is_not_the_same_as_none() -> None:
    assert decided(ask(principal=SESSION), _ALL, session=None).allowed
    assert not decided(ask(principal=SESSION), _ALL, session=()).allowed


_NONE = policy(allow("ec2:*"))


@pytest.mark.parametrize(
    ("principal", "named", "allowed", "limited"),
    [
        # who asks, whom the bucket policy names, with it alone, and with a boundary that lacks the action
        (USER, USER.arn, True, True),
        (USER, f"{IAM}:root", False, False),
        (USER, ACCOUNT, False, False),
        (USER, "*", True, True),
        (USER, f"{IAM}:user/other", False, False),
        (SESSION, SESSION.arn, True, True),
        (SESSION, ROLE, True, False),
        (SESSION, "*", True, False),
        (SESSION, f"{IAM}:root", False, False),
        (SESSION, f"{IAM}:role/other", False, False),
    ],
)
def test_a_resource_policy_allows_whom_it_names_and_not_their_account(
    principal: Principal, named: str, allowed: bool, limited: bool
) -> None:
    own = bucket(allow("s3:*", Principal={"AWS": named}))
    assert decided(ask(principal=principal), resource=own).allowed is allowed
    assert decided(ask(principal=principal), resource=own, boundary=_NONE).allowed is limited
    assert decided(ask(principal=principal), resource=own, session=(_NONE,)).allowed is limited


def test_an_account_in_a_resource_policy_lets_identity_policies_decide() -> None:
    own = bucket(allow("s3:*", Principal={"AWS": ACCOUNT}))
    assert decided(ask(), _ALL, resource=own).allowed
    assert decided(ask(), resource=own).missing == (Kind.IDENTITY, Kind.RESOURCE)


def test_not_principal_spares_from_a_deny_only_with_account_and_role() -> None:
    def closed(*spared: str) -> Any:
        return bucket(deny(NotPrincipal={"AWS": list(spared)}))

    assert decided(ask(), _ALL, resource=closed(ACCOUNT, USER.arn)).allowed
    assert not decided(ask(), _ALL, resource=closed(USER.arn)).allowed
    assert decided(ask(principal=SESSION), _ALL, resource=closed(ACCOUNT, ROLE, SESSION.arn)).allowed
    assert not decided(ask(principal=SESSION), _ALL, resource=closed(ACCOUNT, ROLE)).allowed


def test_not_principal_in_an_allow_leaves_out_whom_it_lists() -> None:
    own = bucket(allow(NotPrincipal={"AWS": ROLE}))
    assert decided(ask(), resource=own).allowed
    assert not decided(ask(principal=SESSION), resource=own).allowed


def test_across_accounts_both_sides_must_allow() -> None:
    own = bucket(allow(Principal={"AWS": OTHER}))
    request = ask(principal=STRANGER, account=ACCOUNT)
    assert decided(request, _ALL, resource=own).allowed
    assert decided(request, resource=own).missing == (Kind.IDENTITY,)
    assert decided(request, _ALL).missing == (Kind.RESOURCE,)
    assert not decided(request, _ALL, resource=bucket(allow(Principal={"AWS": ACCOUNT}))).allowed


def test_the_key_policy_is_required() -> None:
    request = ask("kms:Decrypt", KEY)
    assert decided(request, _ALL, resource=key_policy(allow(Principal={"AWS": ACCOUNT}))).allowed
    assert not decided(request, resource=key_policy(allow(Principal={"AWS": ACCOUNT}))).allowed
    assert decided(request, resource=key_policy(allow(Principal={"AWS": USER.arn}))).allowed
    assert decided(request, _ALL, resource=key_policy(allow("kms:Encrypt", Principal="*"))).missing == (
        Kind.RESOURCE,
    )


def test_even_the_account_s_root_needs_the_key_policy() -> None:
    request = ask("kms:Decrypt", KEY, ROOT)
    assert decided(ask(principal=ROOT)).allowed
    assert decided(request, resource=key_policy(allow(Principal={"AWS": ACCOUNT}))).allowed
    assert not decided(request, resource=key_policy(allow(Principal={"AWS": USER.arn}))).allowed


_PROVIDER = f"{IAM}:oidc-provider/token.example"
_JOB = Principal(PrincipalKind.WEB, _PROVIDER, ACCOUNT)


def _assume(principal: Principal, action: str = "sts:AssumeRole", **keys: str) -> Any:
    return under(ask(action, ROLE, principal), keys)


def test_a_trust_policy_names_who_may_take_on_the_role() -> None:
    direct = trust(allow("sts:AssumeRole", None, Principal={"AWS": USER.arn}))
    account = trust(allow("sts:AssumeRole", None, Principal={"AWS": f"{IAM}:root"}))
    assert decided(_assume(USER), resource=direct).allowed
    assert decided(_assume(SESSION), _ALL, resource=direct).missing == (Kind.TRUST,)
    assert decided(_assume(USER), _ALL, resource=account).allowed
    assert decided(_assume(USER), resource=account).missing == (Kind.IDENTITY,)
    assert not decided(_assume(USER), policy(deny("sts:*")), resource=direct).allowed


def test_a_web_identity_needs_the_trust_policy_alone_with_its_exact_claims() -> None:
    claims = {"StringEquals": {"token.example:aud": "sts", "token.example:sub": "repo:a:environment:b"}}
    own = trust(
        allow("sts:AssumeRoleWithWebIdentity", None, Principal={"Federated": _PROVIDER}, Condition=claims)
    )
    held = {"token.example:aud": "sts", "token.example:sub": "repo:a:environment:b"}
    web = "sts:AssumeRoleWithWebIdentity"
    assert decided(_assume(_JOB, web, **held), resource=own).allowed
    for key in held:
        assert not decided(_assume(_JOB, web, **held | {key: "other"}), resource=own).allowed
    other = Principal(PrincipalKind.WEB, _PROVIDER + "2", ACCOUNT)
    assert not decided(_assume(other, web, **held), resource=own).allowed
    assert not decided(_assume(USER, **held), resource=own).allowed


def test_a_document_says_all_that_is_wrong_with_it() -> None:
    with pytest.raises(InvalidInput) as raised:
        policy(
            {"Effect": "allow", "Action": "s3:*", "NotAction": "s3:*", "Ressource": "*"},
            {"Effect": "Deny", "Action": "everything", "Condition": []},
            name="broken",
        )
    text = str(raised.value)
    for word in (
        "`Ressource`",
        "`Effect`",
        "`NotAction`",
        "`everything`",
        "`Condition`",
        "broken, statement 1",
    ):
        assert word in text


@pytest.mark.parametrize("source", ["{", "[]", '{"Version": "2020-01-01", "Statement": []}'])
def test_what_is_no_policy_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput):
        parse("p", source)
