"""Hypothesis strategies for policies and requests that meet often enough to be interesting."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from policy_layouts import ACCOUNT, ROLE, SESSION, USER, bucket, policy

from prodfirst.access.aws.documents import Document
from prodfirst.access.aws.policies import Policies
from prodfirst.access.aws.requests import Request, context

_ACTIONS = ("s3:GetObject", "s3:PutObject", "ec2:CreateVpc")
_RESOURCES = ("arn:aws:s3:::a/1", "arn:aws:s3:::b/1", "*")
_TAGS = st.sampled_from(["x", "y"])

patterns = st.sampled_from(["*", "s3:*", "s3:Get*", "ec2:CreateVpc"])
arns = st.sampled_from(["*", "arn:aws:s3:::a/*", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::b/1"])
conditions = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:ResourceTag/t": "x"}},
        {"StringNotEquals": {"aws:ResourceTag/t": ["x", "${aws:username}"]}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["x"]}},
        {"Null": {"aws:ResourceTag/t": "true"}},
    ]
)
named = st.sampled_from(["*", {"AWS": ACCOUNT}, {"AWS": USER.arn}, {"AWS": [ROLE, SESSION.arn]}])


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None, principal: bool = False) -> dict[str, Any]:
    """One statement."""
    made: dict[str, Any] = {
        "Effect": effect or draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "NotAction"])): draw(patterns),
        draw(st.sampled_from(["Resource", "NotResource"])): draw(arns),
        "Condition": draw(conditions),
    }
    return made | ({"Principal": draw(named)} if principal else {})


@st.composite
def documents(draw: st.DrawFn, effect: str | None = None) -> Document:
    """One identity policy."""
    listed = draw(st.lists(statements(effect), min_size=1, max_size=3))
    return policy(*listed, name=draw(st.sampled_from(["p", "q"])))


@st.composite
def situations(draw: st.DrawFn) -> Policies:
    """Policies of all kinds."""
    some = st.lists(documents(), max_size=3).map(tuple)
    own = draw(st.none() | st.lists(statements(principal=True), min_size=1, max_size=3))
    return Policies(
        identity=draw(some),
        boundary=draw(st.none() | documents()),
        session=draw(st.none() | some),
        resource=bucket(*own) if own else None,
        organization=draw(st.lists(some, max_size=2).map(tuple)),
    )


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """One request."""
    keys: dict[str, Any] = {"aws:username": draw(st.sampled_from(["a", "b"]))}
    if draw(st.booleans()):
        keys["aws:ResourceTag/t"] = draw(_TAGS)
    if draw(st.booleans()):
        keys["aws:TagKeys"] = draw(st.lists(_TAGS, max_size=2))
    principal = draw(st.sampled_from([USER, SESSION]))
    return Request(
        principal, draw(st.sampled_from(_ACTIONS)), draw(st.sampled_from(_RESOURCES)), context(keys)
    )
