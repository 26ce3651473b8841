"""Locks as policies: AWS's sizes, the state, the contracts."""

from __future__ import annotations

import pytest
from permission_layouts import allowed, estate, lock, resource

from prodfirst.estate.definition import EnvironmentName, StackName
from prodfirst.kernel.errors import InvalidInput
from prodfirst.permissions.aws.documents import POLICIES_LIMIT, POLICY_LIMIT, Holdings, documents
from prodfirst.permissions.contracts_aws import contract_objects
from prodfirst.permissions.lock import Lock
from prodfirst.permissions.policies import text
from prodfirst.permissions.state_aws import KeyScope, StateLocation
from prodfirst.permissions.synthesis import facts_of

STATE = StateLocation(
    "acme-state", "", "acme-shop", "staging", KeyScope("arn:aws:kms:eu-central-1:1:key/*", {})
)


def holdings(held: Lock) -> Holdings:
    return Holdings(held, facts_of(estate().environments[EnvironmentName("staging")]), STATE)


def buckets(count: int) -> Lock:
    return lock(
        *(resource("aws:s3/bucket:Bucket", f"b{n:04}", bucket=f"acme-shop-{n:04}") for n in range(count))
    )


@pytest.mark.parametrize("count", [1, 40, 300])
def test_every_policy_fits_and_together_they_grant_all(count: int) -> None:
    held = buckets(count)
    made = documents(holdings(held), "apply")
    assert max(len(text(item)) for item in made) <= POLICY_LIMIT
    assert all(
        allowed(held, "apply", "s3:DeleteBucket", f"arn:aws:s3:::acme-shop-{n:04}") for n in (0, count - 1)
    )
    sids = [item["Sid"] for document in made for item in document["Statement"]]
    assert len(sids) == len(set(sids))
    assert all(sid.isalnum() for sid in sids)


def test_what_does_not_fit_into_one_role_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        documents(holdings(buckets(2000)), "apply")
    (problem,) = refused.value.problems
    assert str(POLICIES_LIMIT) in problem.why
    assert "split the stack" in problem.fix


def test_equal_locks_are_equal_documents() -> None:
    assert documents(holdings(buckets(40)), "apply") == documents(holdings(buckets(40)), "apply")


def test_a_permission_that_comes_renames_no_statement_of_another() -> None:
    bucket = resource("aws:s3/bucket:Bucket", "b", bucket="acme-shop-b")
    setting = resource("aws:ssm/parameter:Parameter", "p", name="/acme-shop/p", type="String", value="v")
    before, after = (documents(holdings(lock(*held)), "apply") for held in ((bucket,), (bucket, setting)))
    old, new = (
        {item["Sid"]: item for made in each for item in made["Statement"]} for each in (before, after)
    )
    assert old.items() <= new.items()
    assert len(new) > len(old)


@pytest.mark.parametrize("phase", ["plan", "apply"])
def test_the_state_of_the_deployment_comes_with_it(phase: str) -> None:
    held = buckets(1)
    own = "arn:aws:s3:::acme-state/.pulumi/stacks/acme-shop/staging.json"
    assert allowed(held, phase, "s3:GetObject", own)
    assert allowed(held, phase, "s3:PutObject", own) == (phase == "apply")
    assert not allowed(held, phase, "s3:GetObject", own.replace("shop", "network"))


def test_a_reader_holds_exactly_the_fields_that_it_declares() -> None:
    place = estate(reads={"network": ["vpc_id"]})
    objects = contract_objects(
        "acme", place.environments[EnvironmentName("staging")], place.stacks[StackName("shop")]
    )
    root = "arn:aws:ssm:eu-central-1:111122223333:parameter/prodfirst/acme/staging/network"
    for phase in ("plan", "apply"):
        held = {"contracts": objects.read}
        assert allowed(buckets(1), phase, "ssm:GetParameters", f"{root}/vpc_id", contracts=held["contracts"])
        assert not allowed(buckets(1), phase, "ssm:GetParameters", f"{root}/key", contracts=held["contracts"])
        assert not allowed(
            buckets(1), phase, "ssm:PutParameter", f"{root}/vpc_id", contracts=held["contracts"]
        )


def test_a_publisher_holds_its_own_fields_by_its_lock() -> None:
    name = "/prodfirst/acme/staging/shop/url"
    held = lock(resource("aws:ssm/parameter:Parameter", "contract-url", name=name, type="String", value="x"))
    arn = "arn:aws:ssm:eu-central-1:111122223333:parameter"
    assert allowed(held, "apply", "ssm:PutParameter", f"{arn}{name}")
    assert not allowed(held, "apply", "ssm:PutParameter", f"{arn}/prodfirst/acme/staging/network/vpc_id")
    assert not allowed(held, "plan", "ssm:PutParameter", f"{arn}{name}")
