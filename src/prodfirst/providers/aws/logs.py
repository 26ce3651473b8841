"""Log groups."""

from __future__ import annotations

from typing import Any

from prodfirst.providers.aws.resource import Call, ResourceType, changed_tags, ignoring, requested
from prodfirst.providers.schema import Data, Prop, Schema

_MISSING = ("ResourceNotFoundException",)


class LogGroup(ResourceType):
    """Its id is its name."""

    token = "aws:cloudwatch/logGroup:LogGroup"
    named = "name"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "kmsKeyId": Prop(),
            "logGroupClass": Prop(replace=True, computed=True),
            "retentionInDays": Prop(default=0),
            "skipDestroy": Prop(default=False),
        },
        outputs=("arn", "tagsAll"),
        stable=("arn",),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        names = {"kmsKeyId": "kmsKeyId", "logGroupClass": "logGroupClass"}
        call.client("logs").create_log_group(
            logGroupName=inputs["name"], tags=call.tags(inputs), **requested(inputs, names)
        )
        return str(inputs["name"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        if inputs["retentionInDays"]:
            call.client("logs").put_retention_policy(
                logGroupName=id, retentionInDays=inputs["retentionInDays"]
            )

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self._find(call, id)
        if found is None:
            return None
        arn = found["arn"].removesuffix(":*")
        return {
            "name": id,
            "kmsKeyId": found.get("kmsKeyId"),
            "logGroupClass": found.get("logGroupClass", "STANDARD"),
            "retentionInDays": found.get("retentionInDays", 0),
            "skipDestroy": known.get("skipDestroy", False),
            "arn": arn,
            "tagsAll": call.client("logs").list_tags_for_resource(resourceArn=arn).get("tags", {}),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        logs = call.client("logs")
        if old.get("retentionInDays") != new["retentionInDays"]:
            if new["retentionInDays"]:
                logs.put_retention_policy(logGroupName=id, retentionInDays=new["retentionInDays"])
            else:
                logs.delete_retention_policy(logGroupName=id)
        if old.get("kmsKeyId") != new.get("kmsKeyId"):
            if new.get("kmsKeyId"):
                logs.associate_kms_key(logGroupName=id, kmsKeyId=new["kmsKeyId"])
            else:
                logs.disassociate_kms_key(logGroupName=id)
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            logs.untag_resource(resourceArn=old["arn"], tagKeys=removed)
        if added:
            logs.tag_resource(resourceArn=old["arn"], tags=added)

    def delete(self, call: Call, id: str, state: Data) -> None:
        if state.get("skipDestroy"):
            return
        with ignoring(*_MISSING):
            call.client("logs").delete_log_group(logGroupName=id)

    def _find(self, call: Call, id: str) -> dict[str, Any] | None:
        pages = call.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=id)
        for page in pages:
            for found in page["logGroups"]:
                if found["logGroupName"] == id:
                    return dict(found)
        return None
