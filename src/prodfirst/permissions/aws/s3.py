"""S3: buckets have names that the program gives; names of API operations and of IAM actions differ."""

from __future__ import annotations

from prodfirst.permissions.aws.entry import (
    ALWAYS,
    READING,
    Entry,
    Rule,
    calls,
    given,
    needs,
    omitted,
    rule,
)
from prodfirst.permissions.aws.scope import Scope, Target
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.grants import Slot


def _bucket(prop: str = "bucket", suffix: str = "") -> Scope:
    def scope(subject: Subject) -> list[Target]:
        own = subject.resource.type == "aws:s3/bucket:Bucket"
        name = subject.name(prop) if own else subject.named(prop)
        return [Target(f"arn:aws:s3:::{name}{suffix}")]

    return scope


_BUCKET = _bucket()
_OBJECTS = _bucket(suffix="/*")

ACTIONS = {
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
"""API operation → IAM action, where they differ (S3 user guide, required permissions for operations)."""


def _on_bucket(operations: str, *properties: str) -> tuple[Rule, ...]:
    """A rule for each operation on the bucket itself; with `properties`, only where one of them is given."""
    return tuple(
        rule(
            operation,
            _BUCKET,
            actions=f"s3:{ACTIONS.get(operation, operation)}",
            when=given(*properties) if properties else None,
        )
        for operation in operations.split()
    )


_READS = (
    "GetBucketAccelerateConfiguration GetBucketAcl GetBucketCors GetBucketEncryption"
    " GetBucketLifecycleConfiguration GetBucketLogging GetBucketPolicy GetBucketReplication"
    " GetBucketRequestPayment GetBucketVersioning GetBucketWebsite GetObjectLockConfiguration HeadBucket"
)
_INLINE = {
    "accelerationStatus": "PutBucketAccelerateConfiguration",
    "acl": "PutBucketAcl",
    "grants": "PutBucketAcl",
    "corsRules": "PutBucketCors DeleteBucketCors",
    "serverSideEncryptionConfiguration": "PutBucketEncryption DeleteBucketEncryption",
    "lifecycleRules": "PutBucketLifecycleConfiguration DeleteBucketLifecycle",
    "loggings": "PutBucketLogging",
    "policy": "PutBucketPolicy DeleteBucketPolicy",
    "replicationConfiguration": "PutBucketReplication DeleteBucketReplication",
    "requestPayer": "PutBucketRequestPayment",
    "versioning": "PutBucketVersioning",
    "website": "PutBucketWebsite DeleteBucketWebsite",
    "objectLockConfiguration": "PutObjectLockConfiguration",
}
"""Old inputs of a bucket itself → calls that only they cause."""
_PUTS = " ".join(sorted({name for names in _INLINE.values() for name in names.split()}))


def _inline() -> tuple[Rule, ...]:
    by_operation: dict[str, list[str]] = {}
    for prop, names in _INLINE.items():
        for name in names.split():
            by_operation.setdefault(name, []).append(prop)
    return tuple(item for name, props in by_operation.items() for item in _on_bucket(name, *props))


BUCKET = Entry(
    "aws:s3/bucket:Bucket",
    "aws_s3_bucket",
    "s3",
    calls(
        create=f"CreateBucket DeleteBucketTagging GetBucketTagging PutBucketTagging {_READS} {_PUTS}",
        read=_READS,
        update=f"{_READS} {_PUTS}",
        delete="DeleteBucket DeleteObject DeleteObjects HeadBucket ListObjectVersions PutObjectLegalHold",
        tags="GetBucketTagging GetObjectTagging",
        retags="DeleteBucketTagging DeleteObjectTagging GetBucketTagging GetObjectTagging PutBucketTagging"
        " PutObjectTagging",
    ),
    (
        *_on_bucket(f"{_READS} CreateBucket DeleteBucket"),
        *_on_bucket("GetBucketTagging PutBucketTagging DeleteBucketTagging"),
        *_inline(),
        *_on_bucket("ListObjectVersions", "forceDestroy"),
        rule(
            "DeleteObject DeleteObjects",
            _OBJECTS,
            actions="s3:DeleteObject s3:DeleteObjectVersion",
            when=given("forceDestroy"),
        ),
        rule(
            "PutObjectLegalHold",
            _OBJECTS,
            when=lambda subject: subject.given("forceDestroy") and subject.given("objectLockEnabled"),
        ),
    ),
    (
        needs(
            "s3:ListTagsForResource",
            _BUCKET,
            slots=ALWAYS,
            why=f"{READING}: tags are read through S3 Control first, then as of old",
        ),
        needs(
            "s3:TagResource s3:UntagResource",
            _BUCKET,
            slots=(Slot.CREATE, Slot.UPDATE),
            why=f"{READING}: a bucket with attribute-based access control is tagged through S3 Control",
        ),
    ),
    omitted(
        {
            "GetObjectTagging PutObjectTagging DeleteObjectTagging": "tags of objects, which are types of "
            "their own; the analysis has one function for both"
        }
    ),
)


def _setting(type_: str, origin: str, get: str, put: str, remove: str, provenance: str = "") -> Entry:
    """A setting of a bucket that is a resource of its own: put, get, and put or delete it away."""
    described = calls(create=f"{get} {put}", read=get, update=f"{get} {put}", delete=f"{get} {remove}")
    rules = _on_bucket(" ".join(dict.fromkeys((get, put, remove))))
    entry = Entry(type_, origin, "s3", described, rules)
    return Entry(type_, origin, "s3", described, rules, provenance=provenance or entry.provenance)


ENTRIES = (
    BUCKET,
    _setting(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws_s3_bucket_public_access_block",
        "GetPublicAccessBlock",
        "PutPublicAccessBlock",
        "DeletePublicAccessBlock",
    ),
    _setting(
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws_s3_bucket_policy",
        "GetBucketPolicy",
        "PutBucketPolicy",
        "DeleteBucketPolicy",
    ),
    _setting(
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws_s3_bucket_versioning",
        "GetBucketVersioning",
        "PutBucketVersioning",
        "PutBucketVersioning",
    ),
    _setting(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws_s3_bucket_server_side_encryption_configuration",
        "GetBucketEncryption",
        "PutBucketEncryption",
        "DeleteBucketEncryption",
    ),
    _setting(
        "aws:s3/bucketLogging:BucketLogging",
        "aws_s3_bucket_logging",
        "GetBucketLogging",
        "PutBucketLogging",
        "PutBucketLogging",
        READING,
    ),
    _setting(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws_s3_bucket_ownership_controls",
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
        "DeleteBucketOwnershipControls",
    ),
)
