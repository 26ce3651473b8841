"""The state of an environment on AWS: one bucket, one key per deployment."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.kernel.errors import Failure, Problem

_META = b"version: 1\n"
_CHECKPOINT_LIMIT = 512 * 1024 * 1024
_DATA_KEY_BYTES = 32


def error_code(error: ClientError) -> str:
    """AWS's own word for what went wrong, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


@dataclass(frozen=True)
class StateBucket:
    """The bucket under one identity."""

    access: AwsAccess
    bucket: str
    prefix: str = ""
    """Empty, or ending in `/`."""

    def ensure(self) -> bool:
        """Make the bucket safe: versioned, encrypted, private, TLS only, marked as a backend. True if new."""
        s3 = self.access.client("s3")
        made = self._create(s3)
        s3.put_public_access_block(
            Bucket=self.bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(Bucket=self.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(self._tls_only()))
        if self._get(s3, ".pulumi/meta.yaml") is None:
            s3.put_object(Bucket=self.bucket, Key=f"{self.prefix}.pulumi/meta.yaml", Body=_META)
        return made

    def checkpoint(self, project: str, stack: str) -> dict[str, Any] | None:
        """The recorded state as the backend stores it; None where the deployment does not exist."""
        key = f".pulumi/stacks/{project}/{stack}.json"
        body = self._get(self.access.client("s3"), key)
        if body is None:
            return None
        try:
            data = json.loads(body)
        except ValueError as error:
            raise self._unreadable(key, f"it is not whole JSON: {error}") from error
        if not isinstance(data, dict) or not isinstance(data.get("checkpoint"), dict):
            raise self._unreadable(key, "it is not a checkpoint of Pulumi's bucket backend")
        return data

    def read(self, key: str) -> bytes | None:
        """One object of the backend, by its key under the prefix; None where there is none."""
        return self._get(self.access.client("s3"), key)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """The keys that begin with `prefix`."""
        pages = self.access.client("s3").get_paginator("list_objects_v2")
        return tuple(
            item["Key"].removeprefix(self.prefix)
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}{prefix}")
            for item in page.get("Contents", [])
        )

    def remove(self, key: str) -> None:
        """Delete one object; S3 answers the same where it is gone already."""
        self.access.client("s3").delete_object(Bucket=self.bucket, Key=f"{self.prefix}{key}")

    def _create(self, s3: Any) -> bool:
        try:
            s3.head_bucket(Bucket=self.bucket)
            return False
        except ClientError as error:
            if error_code(error) not in ("404", "NoSuchBucket"):
                raise
        region = {} if self.access.region == "us-east-1" else {"LocationConstraint": self.access.region}
        s3.create_bucket(Bucket=self.bucket, **({"CreateBucketConfiguration": region} if region else {}))
        return True

    def _tls_only(self) -> dict[str, Any]:
        arn = f"arn:aws:s3:::{self.bucket}"
        deny = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [deny]}

    def _get(self, s3: Any, key: str) -> bytes | None:
        try:
            answer = s3.get_object(Bucket=self.bucket, Key=f"{self.prefix}{key}")
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                return None
            raise
        if answer["ContentLength"] > _CHECKPOINT_LIMIT:
            raise self._unreadable(key, f"it is larger than {_CHECKPOINT_LIMIT} bytes")
        return bytes(answer["Body"].read())

    def _unreadable(self, key: str, why: str) -> Failure:
        return Failure(
            Problem(
                f"the state object `s3://{self.bucket}/{self.prefix}{key}` cannot be used",
                why=why,
                fix="restore an earlier version of the object (the bucket is versioned), then run again",
            )
        )


@dataclass(frozen=True)
class StateKey:
    """The key under one deployment's secrets."""

    access: AwsAccess
    alias: str
    """Such as `alias/prodfirst/acme/local/network`."""

    def ensure(self, tags: dict[str, str]) -> str:
        """The key's ARN; made with yearly rotation where missing."""
        kms = self.access.client("kms")
        if (found := self.arn()) is not None:
            return found
        created = kms.create_key(
            Description=f"prodfirst state, {self.alias.removeprefix('alias/')}",
            Tags=[{"TagKey": key, "TagValue": value} for key, value in tags.items()],
        )["KeyMetadata"]
        kms.enable_key_rotation(KeyId=created["KeyId"])
        kms.create_alias(AliasName=self.alias, TargetKeyId=created["KeyId"])
        return str(created["Arn"])

    def arn(self) -> str | None:
        """The key's ARN, or None where there is none."""
        try:
            return str(self.access.client("kms").describe_key(KeyId=self.alias)["KeyMetadata"]["Arn"])
        except ClientError as error:
            if error_code(error) == "NotFoundException":
                return None
            raise

    def wrapped_data_key(self) -> str:
        """A new data key under this key, as a stack file's `encryptedkey` holds it (base64)."""
        plain = secrets.token_bytes(_DATA_KEY_BYTES)
        answer = self.access.client("kms").encrypt(KeyId=self.alias, Plaintext=plain)
        return base64.b64encode(answer["CiphertextBlob"]).decode()
