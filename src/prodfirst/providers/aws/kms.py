"""KMS keys and their aliases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prodfirst.providers.aws.locating import CannotTell, best, listed
from prodfirst.providers.aws.resource import Call, ResourceType, changed_tags, ignoring, tag_map
from prodfirst.providers.schema import Data, Prop, Schema, is_policy, same_json

_MISSING = ("NotFoundException",)


class Key(ResourceType):
    token = "aws:kms/key:Key"
    schema = Schema(
        inputs={
            "description": Prop(computed=True),
            "customerMasterKeySpec": Prop(replace=True, default="SYMMETRIC_DEFAULT"),
            "keyUsage": Prop(replace=True, default="ENCRYPT_DECRYPT"),
            "multiRegion": Prop(replace=True, computed=True),
            "policy": Prop(computed=True, check=is_policy, same=same_json),
            "enableKeyRotation": Prop(default=False),
            "isEnabled": Prop(default=True),
            "deletionWindowInDays": Prop(),
            "bypassPolicyLockoutSafetyCheck": Prop(default=False),
        },
        outputs=("arn", "keyId", "tagsAll"),
        stable=("arn", "keyId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        names = {"description": "Description", "policy": "Policy", "multiRegion": "MultiRegion"}
        made = call.client("kms").create_key(
            KeySpec=inputs["customerMasterKeySpec"],
            KeyUsage=inputs["keyUsage"],
            BypassPolicyLockoutSafetyCheck=inputs["bypassPolicyLockoutSafetyCheck"],
            Tags=_tags(call.tags(inputs)),
            **{parameter: inputs[key] for key, parameter in names.items() if key in inputs},
        )
        return str(made["KeyMetadata"]["KeyId"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        kms = call.client("kms")
        if inputs["enableKeyRotation"]:
            kms.enable_key_rotation(KeyId=id)
        if not inputs["isEnabled"]:
            kms.disable_key(KeyId=id)

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = _describe(call, id)
        if found is None or found.get("KeyState") == "PendingDeletion":
            return None
        kms = call.client("kms")
        tags = kms.list_resource_tags(KeyId=id).get("Tags")
        return {
            "keyId": found["KeyId"],
            "arn": found["Arn"],
            "description": found.get("Description", ""),
            "customerMasterKeySpec": found.get("KeySpec") or found.get("CustomerMasterKeySpec"),
            "keyUsage": found["KeyUsage"],
            "multiRegion": found.get("MultiRegion", False),
            "isEnabled": found["Enabled"],
            "enableKeyRotation": bool(kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"]),
            "policy": kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"],
            "deletionWindowInDays": known.get("deletionWindowInDays"),
            "bypassPolicyLockoutSafetyCheck": known.get("bypassPolicyLockoutSafetyCheck", False),
            "tagsAll": tag_map(tags, "TagKey", "TagValue"),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        kms = call.client("kms")
        if "description" in new and old.get("description") != new["description"]:
            kms.update_key_description(KeyId=id, Description=new["description"])
        if "policy" in new and not same_json(old.get("policy"), new["policy"]):
            kms.put_key_policy(KeyId=id, PolicyName="default", Policy=new["policy"])
        if old.get("isEnabled") != new["isEnabled"]:
            (kms.enable_key if new["isEnabled"] else kms.disable_key)(KeyId=id)
        if old.get("enableKeyRotation") != new["enableKeyRotation"]:
            (kms.enable_key_rotation if new["enableKeyRotation"] else kms.disable_key_rotation)(KeyId=id)
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            kms.untag_resource(KeyId=id, TagKeys=removed)
        if added:
            kms.tag_resource(KeyId=id, Tags=_tags(added))

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_MISSING, "KMSInvalidStateException"):  # it is on its way already
            call.client("kms").schedule_key_deletion(
                KeyId=id, PendingWindowInDays=state.get("deletionWindowInDays") or 30
            )

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """By its tags: they come with the create. KMS has no filter, so every key is asked."""
        tags = call.tags(inputs)
        if not tags:
            raise CannotTell(f"a `{self.token}` without tags cannot be told from others")
        pages = call.client("kms").get_paginator("list_keys").paginate()
        ids = [str(item["KeyId"]) for item in listed(pages, "Keys") if self._carries(call, item, tags)]
        found = ((id, self.read(call, id, inputs)) for id in ids)
        return best(self.schema, tags, inputs, ((id, live) for id, live in found if live is not None))

    def _carries(self, call: Call, item: dict[str, Any], tags: dict[str, str]) -> bool:
        """Of a key that this identity may not look at, it is not the maker."""
        with ignoring("AccessDeniedException", *_MISSING):
            listed = call.client("kms").list_resource_tags(KeyId=item["KeyId"]).get("Tags")
            return tags.items() <= tag_map(listed, "TagKey", "TagValue").items()
        return False


class Alias(ResourceType):
    token = "aws:kms/alias:Alias"
    named = "name"
    schema = Schema(
        inputs={"name": Prop(replace=True, required=True), "targetKeyId": Prop(required=True)},
        outputs=("arn", "targetKeyArn"),
        stable=("arn",),
    )

    def create(self, call: Call, inputs: Data) -> str:
        call.client("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return str(inputs["name"])

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        for page in call.client("kms").get_paginator("list_aliases").paginate():
            for item in page["Aliases"]:
                if item["AliasName"] == id and (target := item.get("TargetKeyId")):
                    return {
                        "name": id,
                        "arn": item["AliasArn"],
                        "targetKeyId": target,
                        "targetKeyArn": item["AliasArn"].replace(id, f"key/{target}"),
                    }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        if old.get("targetKeyId") != new["targetKeyId"]:
            call.client("kms").update_alias(AliasName=id, TargetKeyId=new["targetKeyId"])

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_MISSING):
            call.client("kms").delete_alias(AliasName=id)


def _describe(call: Call, id: str) -> dict[str, Any] | None:
    with ignoring(*_MISSING):
        found: dict[str, Any] = call.client("kms").describe_key(KeyId=id)["KeyMetadata"]
        return found
    return None


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())]
