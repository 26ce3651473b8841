"""A call as a command of the `aws` tool; that the tool takes it, tests/acme/test_acme_proofs.py shows."""

from __future__ import annotations

import pytest

from prodfirst.adapters.aws.calling import ServiceCall


@pytest.mark.parametrize(
    ("call", "command"),
    [
        (
            ServiceCall("rds", "DescribeDBClusters", {"DBClusterIdentifier": "main"}),
            "aws rds describe-db-clusters --db-cluster-identifier main",
        ),
        (
            ServiceCall("ec2", "DeleteTags", {"Resources": ["a", "b"], "Tags": [{"Key": "k"}]}),
            'aws ec2 delete-tags --resources a b --tags [{"Key": "k"}]',
        ),
        (
            ServiceCall("s3", "PutBucketVersioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
            'aws s3api put-bucket-versioning --versioning-configuration {"Status": "Enabled"}',
        ),
    ],
    ids=["text", "list", "structure"],
)
def test_a_call_is_a_command_too(call: ServiceCall, command: str) -> None:
    assert " ".join(call.command()) == command
