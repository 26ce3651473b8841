"""Lock files: what is written is read back, and nothing that a hand changed is taken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from permission_layouts import lock, resource

from prodfirst.kernel.errors import InvalidInput
from prodfirst.permissions.difference import difference
from prodfirst.permissions.lock import parse, text_of
from prodfirst.permissions.placeholders import Facts

BUCKET = "aws:s3/bucket:Bucket"
HELD = lock(
    resource(BUCKET, "data", bucket="acme-staging-shop"),
    resource("aws:kms/key:Key", "key"),
    resource("aws:ec2/vpc:Vpc", "main"),
)


def test_what_is_written_is_read_back() -> None:
    assert parse(text_of(HELD), "shop.lock.json") == HELD


def test_a_reviewer_sees_it_line_by_line() -> None:
    assert max(map(len, text_of(HELD).splitlines())) <= 130
    assert text_of(HELD).endswith("}\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"s3:DeleteBucket"', '"s3:*"'),
        ("acme-${environment}-shop", "*"),
        ("aws:ResourceTag", "aws:RequestTag"),
    ],
)
def test_a_lock_edited_by_hand_is_refused(old: str, new: str) -> None:
    edited = text_of(HELD).replace(old, new)
    assert edited != text_of(HELD)
    with pytest.raises(InvalidInput) as refused:
        parse(edited, "shop.lock.json")
    assert refused.value.problems[0].what == "`shop.lock.json` was edited by hand"
    assert "prodfirst permissions sync shop" in refused.value.problems[0].fix


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"prodfirst": "permissions", "version": 2}', "{"])
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a lock file"):
        parse(text, "shop.lock.json")


def test_a_lock_of_another_version_is_no_lock() -> None:
    data = {**json.loads(text_of(HELD)), "version": 2}
    with pytest.raises(InvalidInput, match="no lock of version 1"):
        parse(json.dumps(data), "shop.lock.json")


def test_a_difference_names_what_comes_and_goes() -> None:
    more = lock(resource(BUCKET, "data", bucket="acme-staging-shop", forceDestroy=True))
    less = lock(resource(BUCKET, "data", bucket="acme-staging-shop"))
    changed = difference(less, more)
    assert {change.grant.action for change in changed.added} == {
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucketVersions",
    }
    assert changed.removed == ()
    assert difference(more, less).removed == changed.added


_NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?", fullmatch=True)
_REGIONS = st.sampled_from(["eu-central-1", "us-east-1", "ap-southeast-2", "us-gov-west-1"])


@given(_NAMES, st.from_regex(r"[0-9]{12}", fullmatch=True), _REGIONS, st.data())
def test_filling_in_gives_back_what_was_abstracted(
    environment: str, account: str, region: str, data: st.DataObject
) -> None:
    facts = Facts(environment, account, region)
    parts = st.sampled_from([environment, account, region, f"{region}a", "-", "/", ":", "acme", "", "1"])
    text = "".join(data.draw(st.lists(parts, max_size=8)))
    assert facts.fill(facts.abstract(text)) == text
    assert facts.abstract(text).count(account) == 0


def test_an_environment_named_like_a_part_of_a_word_leaves_the_word() -> None:
    facts = Facts("test", "111122223333", "eu-central-1")
    assert facts.abstract("acme-test-latest/test:eu-central-1a") == (
        "acme-${environment}-latest/${environment}:${region}a"
    )
