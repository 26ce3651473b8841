"""The guard of plans: what a program needs more than its lock holds, by resource and line."""

from __future__ import annotations

from permission_layouts import estate, graph, lock, resource, urn

from prodfirst.estate.definition import EnvironmentName, StackName
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.permissions.guard import missing_permissions
from prodfirst.permissions.lock import Lock
from prodfirst.resources.graph import Resource
from prodfirst.resources.values import UNKNOWN

BUCKET, ALIAS, KEY = "aws:s3/bucket:Bucket", "aws:kms/alias:Alias", "aws:kms/key:Key"
DATA = resource(BUCKET, "data", bucket="acme-staging-shop")


def findings(held: Lock | None, *resources: Resource) -> tuple[Finding, ...]:
    place = estate()
    environment = place.environments[EnvironmentName("staging")]
    return missing_permissions(place, place.stacks[StackName("shop")], environment, graph(*resources), held)


def test_what_the_lock_was_made_from_lacks_nothing() -> None:
    assert findings(lock(DATA), DATA) == ()


def test_a_resource_that_needs_more_is_named_with_its_line_and_the_command() -> None:
    (finding,) = findings(lock(DATA), DATA, resource(KEY, "key", 21))
    assert finding.severity is Severity.MANDATORY
    assert finding.what.startswith(f"`key` ({KEY}) needs `kms:DescribeKey`, ")
    assert "`kms:CreateKey`" in finding.what
    assert str(finding.where) == "shop/__main__.py:21:1"
    assert "prodfirst permissions sync shop" in finding.fix


def test_an_input_that_needs_more_is_enough() -> None:
    emptied = resource(BUCKET, "data", 5, bucket="acme-staging-shop", forceDestroy=True)
    (finding,) = findings(lock(DATA), emptied)
    assert "`s3:DeleteObject`" in finding.what
    assert "`s3:CreateBucket`" not in finding.what


def test_another_name_is_not_covered() -> None:
    (finding,) = findings(lock(DATA), resource(BUCKET, "data", bucket="acme-staging-other"))
    assert "`s3:CreateBucket`" in finding.what


def test_ids_and_random_suffixes_that_a_plan_knows_are_covered_by_patterns() -> None:
    offline = (
        resource(KEY, "key"),
        resource(
            ALIAS, "key", after={"targetKeyId": urn(KEY, "key")}, name="alias/shop", targetKeyId=UNKNOWN
        ),
        resource(BUCKET, "auto"),
    )
    arn = "arn:aws:kms:eu-central-1:111122223333:key/1-2-3"
    live = (
        resource(KEY, "key"),
        resource(ALIAS, "key", after={"targetKeyId": urn(KEY, "key")}, name="alias/shop", targetKeyId=arn),
        resource(BUCKET, "auto", bucket="auto-1a2b3c4"),
    )
    assert findings(lock(*offline), *live) == ()


def test_a_stack_without_a_lock_file_is_told_to_make_one() -> None:
    (finding,) = findings(None, DATA)
    assert finding.what == "stack `shop` has no lock file"
    assert "prodfirst permissions sync shop" in finding.fix


def test_a_program_that_needs_no_cloud_needs_no_lock() -> None:
    assert findings(None, resource("random:index/randomId:RandomId", "seed")) == ()


def test_a_type_without_an_entry_is_a_finding() -> None:
    (finding,) = findings(lock(DATA), DATA, resource("aws:sqs/queue:Queue", "jobs", 8))
    assert "aws:sqs/queue:Queue" in finding.what
    assert str(finding.where) == "shop/__main__.py:8:1"
