"""The buckets that hold the company's data."""

import json

import pulumi
import pulumi_aws as aws

settings = pulumi.Config("prodfirst")
name = settings.require("prefix")
account = settings.require("account")

key = aws.kms.Key(
    "data",
    description=f"{name}: data at rest",
    enable_key_rotation=True,
    deletion_window_in_days=30,
)
aws.kms.Alias("data", name=f"alias/{name}-data", target_key_id=key.key_id)


def bucket(role: str, *, reads: list[dict]) -> aws.s3.Bucket:
    """A versioned, private bucket that only TLS reaches."""
    arn = f"arn:aws:s3:::{name}-{role}"
    made = aws.s3.Bucket(role, bucket=f"{name}-{role}")
    block = aws.s3.BucketPublicAccessBlock(
        role,
        bucket=made.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    aws.s3.BucketVersioning(role, bucket=made.id, versioning_configuration={"status": "Enabled"})
    tls = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    aws.s3.BucketPolicy(
        role,
        bucket=made.id,
        policy=json.dumps({"Version": "2012-10-17", "Statement": [tls, *reads]}),
        opts=pulumi.ResourceOptions(depends_on=[block]),
    )
    return made


log = bucket(
    "access-log",
    reads=[
        {
            "Sid": "AccessLog",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{name}-access-log/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        }
    ],
)
aws.s3.BucketServerSideEncryptionConfiguration(
    "access-log",  # S3 delivers access logs only to buckets under its own key
    bucket=log.id,
    rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
)

documents = bucket("documents", reads=[])
aws.s3.BucketServerSideEncryptionConfiguration(
    "documents",
    bucket=documents.id,
    rules=[
        {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": key.arn,
            },
            "bucket_key_enabled": True,
        }
    ],
)
aws.s3.BucketLogging("documents", bucket=documents.id, target_bucket=log.id, target_prefix="documents/")

pulumi.export("documents_bucket", documents.bucket)
pulumi.export("key_arn", key.arn)
