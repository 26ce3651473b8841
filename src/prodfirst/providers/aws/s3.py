"""S3 buckets, and the settings of a bucket, each a resource of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from prodfirst.providers.aws.locating import made_since, may_be
from prodfirst.providers.aws.resource import Call, ResourceType, ignoring, tag_list, tag_map
from prodfirst.providers.schema import Data, Prop, Schema, is_policy, same_json

_NO_BUCKET = ("NoSuchBucket", "404")


class Bucket(ResourceType):
    token = "aws:s3/bucket:Bucket"
    named = "bucket"
    schema = Schema(
        inputs={
            "bucket": Prop(replace=True, autoname=True),
            "forceDestroy": Prop(default=False),
            "objectLockEnabled": Prop(replace=True, computed=True),
        },
        outputs=("arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "tagsAll"),
        stable=("arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        place: dict[str, Any] = {}
        if call.region != "us-east-1":
            place["CreateBucketConfiguration"] = {"LocationConstraint": call.region}
        if inputs.get("objectLockEnabled"):
            place["ObjectLockEnabledForBucket"] = True
        call.client("s3").create_bucket(Bucket=inputs["bucket"], **place)
        return str(inputs["bucket"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        if tags := call.tags(inputs):
            call.client("s3").put_bucket_tagging(Bucket=id, Tagging={"TagSet": tag_list(tags)})

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        s3 = call.client("s3")
        found = False
        with ignoring(*_NO_BUCKET):
            s3.head_bucket(Bucket=id)
            found = True
        if not found:
            return None
        tags: list[dict[str, str]] = []
        with ignoring("NoSuchTagSet"):
            tags = s3.get_bucket_tagging(Bucket=id)["TagSet"]
        return {
            "bucket": id,
            "forceDestroy": known.get("forceDestroy", False),
            "objectLockEnabled": known.get("objectLockEnabled", False),
            "arn": f"arn:aws:s3:::{id}",
            "bucketDomainName": f"{id}.s3.amazonaws.com",
            "bucketRegion": call.region,
            "bucketRegionalDomainName": f"{id}.s3.{call.region}.amazonaws.com",
            "tagsAll": tag_map(tags),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        tags = call.tags(new)
        if tags == (old.get("tagsAll") or {}):
            return
        if tags:
            call.client("s3").put_bucket_tagging(Bucket=id, Tagging={"TagSet": tag_list(tags)})
        else:
            call.client("s3").delete_bucket_tagging(Bucket=id)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_NO_BUCKET):
            if state.get("forceDestroy"):
                _empty(call, id)
            call.client("s3").delete_bucket(Bucket=id)

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """Its tags come one call after the create: without any, it is known by its name and its age."""
        live = self.read(call, inputs["bucket"], inputs)
        if live and not live["tagsAll"] and made_since(_made(call, inputs["bucket"]), since):
            return (inputs["bucket"],)
        return super().located(call, inputs, since)


def _made(call: Call, bucket: str) -> datetime | None:
    """When a bucket of this account was made."""
    listed = call.client("s3").list_buckets()["Buckets"]
    return next((item["CreationDate"] for item in listed if item["Name"] == bucket), None)


def _empty(call: Call, bucket: str) -> None:
    """Delete every version of every object."""
    s3 = call.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
        if objects:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})


class Setting(ResourceType):
    """One setting of a bucket: put, got and deleted as a whole. Its id is the bucket's name."""

    put: ClassVar[str]
    get: ClassVar[str]
    remove: ClassVar[str]
    absent: ClassVar[tuple[str, ...]]
    """Error codes that say that the bucket has no such setting."""

    def request(self, inputs: Data) -> dict[str, Any]:
        """The parameters of `put`, beside the bucket."""
        raise NotImplementedError

    def answer(self, answer: dict[str, Any]) -> Data | None:
        """The answer of `get` as properties; None where there is no setting."""
        raise NotImplementedError

    def create(self, call: Call, inputs: Data) -> str:
        getattr(call.client("s3"), self.put)(Bucket=inputs["bucket"], **self.request(inputs))
        return str(inputs["bucket"])

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        with ignoring(*_NO_BUCKET, *self.absent):
            found = self.answer(getattr(call.client("s3"), self.get)(Bucket=id))
            return None if found is None else {"bucket": id, **found}
        return None

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """Where the bucket has another setting, this one was not put; put again, it takes its place."""
        live = self.read(call, inputs["bucket"], inputs)
        return (inputs["bucket"],) if live and may_be(self.schema, {}, inputs, live) else ()

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        getattr(call.client("s3"), self.put)(Bucket=id, **self.request(new))

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_NO_BUCKET, *self.absent):
            getattr(call.client("s3"), self.remove)(Bucket=id)


class BucketPublicAccessBlock(Setting):
    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    put, get, remove = "put_public_access_block", "get_public_access_block", "delete_public_access_block"
    absent = ("NoSuchPublicAccessBlockConfiguration",)
    _keys = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    schema = Schema(
        inputs={"bucket": Prop(required=True, replace=True), **{key: Prop(default=False) for key in _keys}}
    )

    def request(self, inputs: Data) -> dict[str, Any]:
        chosen = {key[0].upper() + key[1:]: inputs[key] for key in self._keys}
        return {"PublicAccessBlockConfiguration": chosen}

    def answer(self, answer: dict[str, Any]) -> Data | None:
        found = answer["PublicAccessBlockConfiguration"]
        return {key: found.get(key[0].upper() + key[1:], False) for key in self._keys}


class BucketPolicy(Setting):
    token = "aws:s3/bucketPolicy:BucketPolicy"
    put, get, remove = "put_bucket_policy", "get_bucket_policy", "delete_bucket_policy"
    absent = ("NoSuchBucketPolicy",)
    schema = Schema(
        inputs={
            "bucket": Prop(required=True, replace=True),
            "policy": Prop(required=True, check=is_policy, same=same_json),
        }
    )

    def request(self, inputs: Data) -> dict[str, Any]:
        return {"Policy": inputs["policy"]}

    def answer(self, answer: dict[str, Any]) -> Data | None:
        return {"policy": answer["Policy"]}


class BucketVersioning(Setting):
    token = "aws:s3/bucketVersioning:BucketVersioning"
    put, get = "put_bucket_versioning", "get_bucket_versioning"
    absent = ()
    schema = Schema(
        inputs={"bucket": Prop(required=True, replace=True), "versioningConfiguration": Prop(required=True)}
    )

    def request(self, inputs: Data) -> dict[str, Any]:
        chosen = inputs["versioningConfiguration"]
        names = {"status": "Status", "mfaDelete": "MFADelete"}
        return {"VersioningConfiguration": {names[key]: value for key, value in chosen.items()}}

    def answer(self, answer: dict[str, Any]) -> Data | None:
        if "Status" not in answer:
            return None
        return {"versioningConfiguration": {"status": answer["Status"]}}

    def delete(self, call: Call, id: str, state: Data) -> None:
        """Versioning cannot be taken back, only suspended, as the original does."""
        with ignoring(*_NO_BUCKET):
            call.client("s3").put_bucket_versioning(
                Bucket=id, VersioningConfiguration={"Status": "Suspended"}
            )


class BucketServerSideEncryptionConfiguration(Setting):
    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    put, get, remove = "put_bucket_encryption", "get_bucket_encryption", "delete_bucket_encryption"
    absent = ("ServerSideEncryptionConfigurationNotFoundError",)
    schema = Schema(inputs={"bucket": Prop(required=True, replace=True), "rules": Prop(required=True)})

    def request(self, inputs: Data) -> dict[str, Any]:
        rules = []
        for rule in inputs["rules"]:
            default = rule["applyServerSideEncryptionByDefault"]
            chosen = {"SSEAlgorithm": default["sseAlgorithm"]}
            if default.get("kmsMasterKeyId"):
                chosen["KMSMasterKeyID"] = default["kmsMasterKeyId"]
            item: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": chosen}
            if "bucketKeyEnabled" in rule:
                item["BucketKeyEnabled"] = rule["bucketKeyEnabled"]
            rules.append(item)
        return {"ServerSideEncryptionConfiguration": {"Rules": rules}}

    def answer(self, answer: dict[str, Any]) -> Data | None:
        return {"rules": [_encryption(rule) for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]]}


def _encryption(rule: dict[str, Any]) -> Data:
    found = rule["ApplyServerSideEncryptionByDefault"]
    default = {"sseAlgorithm": found["SSEAlgorithm"]}
    if found.get("KMSMasterKeyID"):
        default["kmsMasterKeyId"] = found["KMSMasterKeyID"]
    key = {"bucketKeyEnabled": True} if rule.get("BucketKeyEnabled") else {}
    return {"applyServerSideEncryptionByDefault": default, **key}


class BucketLogging(Setting):
    token = "aws:s3/bucketLogging:BucketLogging"
    put, get = "put_bucket_logging", "get_bucket_logging"
    absent = ()
    schema = Schema(
        inputs={
            "bucket": Prop(required=True, replace=True),
            "targetBucket": Prop(required=True),
            "targetPrefix": Prop(required=True),
        }
    )

    def request(self, inputs: Data) -> dict[str, Any]:
        target = {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs["targetPrefix"]}
        return {"BucketLoggingStatus": {"LoggingEnabled": target}}

    def answer(self, answer: dict[str, Any]) -> Data | None:
        found = answer.get("LoggingEnabled")
        if found is None:
            return None
        return {"targetBucket": found["TargetBucket"], "targetPrefix": found["TargetPrefix"]}

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_NO_BUCKET):
            call.client("s3").put_bucket_logging(Bucket=id, BucketLoggingStatus={})


class BucketOwnershipControls(Setting):
    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    put, get = "put_bucket_ownership_controls", "get_bucket_ownership_controls"
    remove = "delete_bucket_ownership_controls"
    absent = ("OwnershipControlsNotFoundError",)
    schema = Schema(inputs={"bucket": Prop(required=True, replace=True), "rule": Prop(required=True)})

    def request(self, inputs: Data) -> dict[str, Any]:
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]}}

    def answer(self, answer: dict[str, Any]) -> Data | None:
        return {"rule": {"objectOwnership": answer["OwnershipControls"]["Rules"][0]["ObjectOwnership"]}}
