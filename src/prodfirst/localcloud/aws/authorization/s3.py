"""S3: its API's names are not IAM's actions, and some calls are several.

Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from prodfirst.localcloud.aws.authorization.calls import Call, Keys, Use, pairs, tag_keys

_BUCKET: Mapping[str, str] = {
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    **{
        f"{verb}Bucket{kind}Configuration{plural}": f"{of}{kind}Configuration"
        for kind in ("Analytics", "Inventory", "Metrics", "IntelligentTiering")
        for verb, plural, of in (
            ("Get", "", "Get"),
            ("List", "s", "Get"),
            ("Put", "", "Put"),
            ("Delete", "", "Put"),
        )
    },
}
"""Operation on a bucket → action, where the names differ."""
_OBJECT: Mapping[str, str] = {
    "HeadObject": "GetObject",
    "ListParts": "ListMultipartUploadParts",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "UploadPartCopy": "PutObject",
    "SelectObjectContent": "GetObject",
}
_VERSIONED = frozenset(
    {"GetObject", "DeleteObject", "GetObjectAcl", "PutObjectAcl", "GetObjectTagging", "PutObjectTagging",
     "DeleteObjectTagging", "GetObjectAttributes"}
)  # fmt: skip
"""Actions that are others for a version: `GetObjectVersion`, `GetObjectVersionAcl`."""
_ACL = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


def of(call: Call) -> Iterator[Use]:
    """The uses of a call."""
    if "ResourceArn" in call.input:  # S3 Control's tags, of buckets here
        given = tag_keys(pairs(call.input.get("Tags")))
        removed = call.texts("TagKeys")
        keys = {"aws:TagKeys": tuple(removed)} if removed else given
        yield Use(f"s3:{call.operation}", call.text("ResourceArn"), keys)
    elif "Bucket" not in call.input:
        yield Use(f"s3:{_all_buckets(call.operation)}", "*")
    elif "Key" in call.input:
        yield from _object(call)
    elif call.operation == "DeleteObjects":
        for item in (call.input.get("Delete") or {}).get("Objects") or [{"Key": "*"}]:
            yield Use("s3:DeleteObjectVersion" if item.get("VersionId") else "s3:DeleteObject",
                      f"arn:aws:s3:::{call.text('Bucket')}/{item.get('Key', '*')}")  # fmt: skip
    else:
        yield Use(f"s3:{_BUCKET.get(call.operation, call.operation)}", f"arn:aws:s3:::{call.text('Bucket')}",
                  {**_listing(call), **_bucket_tags(call)})  # fmt: skip
        if call.operation == "CreateBucket" and any(name in call.input for name in _ACL):
            yield Use("s3:PutBucketAcl", f"arn:aws:s3:::{call.text('Bucket')}")


def _all_buckets(operation: str) -> str:
    if operation == "ListBuckets":
        return "ListAllMyBuckets"
    # S3 Control's, on the whole account
    return {"DeletePublicAccessBlock": "PutAccountPublicAccessBlock"}.get(
        operation, operation.replace("PublicAccessBlock", "AccountPublicAccessBlock")
    )


def _object(call: Call) -> Iterator[Use]:
    resource = f"arn:aws:s3:::{call.text('Bucket')}/{call.text('Key')}"
    action = _OBJECT.get(call.operation, call.operation)
    version = call.text("VersionId")
    if version and action in _VERSIONED:
        action = action.replace("Object", "ObjectVersion", 1)
    keys: dict[str, str | tuple[str, ...]] = {"s3:VersionId": version} if version else {}
    for parameter, key in (
        ("ServerSideEncryption", "s3:x-amz-server-side-encryption"),
        ("SSEKMSKeyId", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
        ("ACL", "s3:x-amz-acl"),
    ):
        if value := call.text(parameter):
            keys[key] = value
    if action == "GetObjectAttributes":
        yield Use("s3:GetObject", resource, keys)
    yield Use(f"s3:{action}", resource, keys)
    if action == "PutObject":
        if call.text("Tagging"):
            yield Use("s3:PutObjectTagging", resource, keys)
        if any(name in call.input for name in _ACL):
            yield Use("s3:PutObjectAcl", resource, keys)
    if call.text("BypassGovernanceRetention") == "true":
        yield Use("s3:BypassGovernanceRetention", resource, keys)
    if source := call.text("CopySource"):
        yield from _source(call, source)


def _source(call: Call, source: str) -> Iterator[Use]:
    """Reading the source; its tags only where it has some and they are copied."""
    path, _, version = source.partition("?versionId=")
    resource = f"arn:aws:s3:::{unquote(path).lstrip('/')}"
    yield Use("s3:GetObjectVersion" if version else "s3:GetObject", resource)
    if call.text("TaggingDirective") != "REPLACE" and call.state.tags(resource):
        yield Use("s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging", resource)
        yield Use("s3:PutObjectTagging", f"arn:aws:s3:::{call.text('Bucket')}/{call.text('Key')}")


def _listing(call: Call) -> Keys:
    """`s3:prefix` is there as soon as the request has a prefix, and also an empty one."""
    keys: dict[str, str | tuple[str, ...]] = {}
    for parameter, key in (
        ("Prefix", "s3:prefix"),
        ("Delimiter", "s3:delimiter"),
        ("MaxKeys", "s3:max-keys"),
    ):
        if parameter in call.input:
            keys[key] = call.text(parameter)
    return keys


def _bucket_tags(call: Call) -> Keys:
    tagging = call.input.get("Tagging")
    return tag_keys(pairs(tagging.get("TagSet"))) if isinstance(tagging, Mapping) else {}
