"""A private bucket: versioned, encrypted, reached by TLS alone. Other blueprints are made of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, slots=True)
class PrivateBucket:
    """The bucket, and what must be there before something is delivered into it."""

    bucket: aws.s3.Bucket
    policy: aws.s3.BucketPolicy


def private_bucket(
    role: str,
    name: str,
    opts: pulumi.ResourceOptions,
    *,
    kms_key: pulumi.Input[str] | None = None,
    statements: Sequence[dict[str, Any]] = (),
) -> PrivateBucket:
    """A bucket `name`; `role` names its resources. Without `kms_key` it is encrypted by S3's own key."""
    inner = pulumi.ResourceOptions(parent=opts.parent)
    bucket = aws.s3.Bucket(role, bucket=name, opts=opts)
    block = aws.s3.BucketPublicAccessBlock(
        role,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=inner,
    )
    aws.s3.BucketVersioning(
        role, bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=inner
    )
    algorithm = (
        {"sse_algorithm": "aws:kms", "kms_master_key_id": kms_key} if kms_key else {"sse_algorithm": "AES256"}
    )
    rule: dict[str, Any] = {"apply_server_side_encryption_by_default": algorithm}
    if kms_key:
        rule["bucket_key_enabled"] = True
    aws.s3.BucketServerSideEncryptionConfiguration(role, bucket=bucket.id, rules=[rule], opts=inner)
    policy = aws.s3.BucketPolicy(
        role,
        bucket=bucket.id,
        policy=json.dumps({"Version": "2012-10-17", "Statement": [*statements, _tls_only(name)]}),
        opts=pulumi.ResourceOptions(parent=opts.parent, depends_on=[block]),
    )
    return PrivateBucket(bucket, policy)


def delivery(sid: str, service: str, action: str, resource: str, account: str) -> dict[str, Any]:
    """A statement by which a service of AWS delivers into a bucket, for our own account alone."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }


def _encryption(kms_key: pulumi.Input[str] | None) -> dict[str, Any]:
    if kms_key is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    by_key = {"sse_algorithm": "aws:kms", "kms_master_key_id": kms_key}
    return {"apply_server_side_encryption_by_default": by_key, "bucket_key_enabled": True}


def _tls_only(name: str) -> dict[str, Any]:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
