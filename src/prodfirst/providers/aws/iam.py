"""Roles and policies of IAM: what the identity stack makes."""

from __future__ import annotations

import json
from typing import Any

from prodfirst.providers.aws.resource import Call, ResourceType, changed_tags, ignoring, tag_list, tag_map
from prodfirst.providers.schema import Data, Prop, Schema, is_policy, same_json

_MISSING = ("NoSuchEntity",)
_VERSIONS = 5
"""A managed policy keeps five versions (AWS, IAM quotas)."""


def _document(found: Any) -> str:
    """boto3 gives a document as data, where the API gives it as text."""
    return found if isinstance(found, str) else json.dumps(found)


class Role(ResourceType):
    token = "aws:iam/role:Role"
    named = "name"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "path": Prop(replace=True, default="/"),
            "assumeRolePolicy": Prop(required=True, check=is_policy, same=same_json),
            "description": Prop(),
            "forceDetachPolicies": Prop(default=False),
            "maxSessionDuration": Prop(default=3600),
            "permissionsBoundary": Prop(),
        },
        outputs=("arn", "createDate", "uniqueId", "tagsAll"),
        stable=("arn", "createDate", "uniqueId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        given = {"description": "Description", "permissionsBoundary": "PermissionsBoundary"}
        call.client("iam").create_role(
            RoleName=inputs["name"],
            Path=inputs["path"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            MaxSessionDuration=inputs["maxSessionDuration"],
            Tags=tag_list(call.tags(inputs)),
            **{parameter: inputs[key] for key, parameter in given.items() if inputs.get(key)},
        )
        return str(inputs["name"])

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        iam, found = call.client("iam"), None
        with ignoring(*_MISSING):
            found = iam.get_role(RoleName=id)["Role"]
        if found is None:
            return None
        return {
            "name": found["RoleName"],
            "path": found["Path"],
            "assumeRolePolicy": _document(found["AssumeRolePolicyDocument"]),
            "description": found.get("Description") or None,
            "forceDetachPolicies": known.get("forceDetachPolicies", False),
            "maxSessionDuration": found.get("MaxSessionDuration", 3600),
            "permissionsBoundary": (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            "arn": found["Arn"],
            "uniqueId": found["RoleId"],
            "createDate": known.get("createDate") or str(found["CreateDate"]),
            "tagsAll": tag_map(iam.list_role_tags(RoleName=id)["Tags"]),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        iam = call.client("iam")
        if not same_json(old.get("assumeRolePolicy"), new["assumeRolePolicy"]):
            iam.update_assume_role_policy(RoleName=id, PolicyDocument=new["assumeRolePolicy"])
        if any(old.get(key) != new.get(key) for key in ("description", "maxSessionDuration")):
            iam.update_role(
                RoleName=id,
                Description=new.get("description") or "",
                MaxSessionDuration=new["maxSessionDuration"],
            )
        if old.get("permissionsBoundary") != new.get("permissionsBoundary"):
            if limit := new.get("permissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=limit)
            else:
                iam.delete_role_permissions_boundary(RoleName=id)
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            iam.untag_role(RoleName=id, TagKeys=removed)
        if added:
            iam.tag_role(RoleName=id, Tags=tag_list(added))

    def delete(self, call: Call, id: str, state: Data) -> None:
        iam = call.client("iam")
        with ignoring(*_MISSING):
            if state.get("forceDetachPolicies"):
                for name in iam.list_role_policies(RoleName=id)["PolicyNames"]:
                    iam.delete_role_policy(RoleName=id, PolicyName=name)
                for item in iam.list_attached_role_policies(RoleName=id)["AttachedPolicies"]:
                    iam.detach_role_policy(RoleName=id, PolicyArn=item["PolicyArn"])
            iam.delete_role(RoleName=id)


class Policy(ResourceType):
    token = "aws:iam/policy:Policy"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "path": Prop(replace=True, default="/"),
            "description": Prop(replace=True),
            "policy": Prop(required=True, check=is_policy, same=same_json),
        },
        outputs=("arn", "policyId", "tagsAll"),
        stable=("arn", "policyId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        described = {"Description": inputs["description"]} if inputs.get("description") else {}
        made = call.client("iam").create_policy(
            PolicyName=inputs["name"],
            Path=inputs["path"],
            PolicyDocument=inputs["policy"],
            Tags=tag_list(call.tags(inputs)),
            **described,
        )
        return str(made["Policy"]["Arn"])

    def id_from(self, call: Call, inputs: Data) -> str:
        return f"arn:aws:iam::{call.account}:policy{inputs['path']}{inputs['name']}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        iam, found = call.client("iam"), None
        with ignoring(*_MISSING):
            found = iam.get_policy(PolicyArn=id)["Policy"]
        if found is None:
            return None
        version = iam.get_policy_version(PolicyArn=id, VersionId=found["DefaultVersionId"])["PolicyVersion"]
        return {
            "name": found["PolicyName"],
            "path": found["Path"],
            "description": found.get("Description") or None,
            "policy": _document(version["Document"]),
            "arn": found["Arn"],
            "policyId": found["PolicyId"],
            "tagsAll": tag_map(iam.list_policy_tags(PolicyArn=id)["Tags"]),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        iam = call.client("iam")
        if not same_json(old.get("policy"), new["policy"]):
            versions = iam.list_policy_versions(PolicyArn=id)["Versions"]
            spare = [item["VersionId"] for item in versions if not item["IsDefaultVersion"]]
            if len(versions) >= _VERSIONS:
                iam.delete_policy_version(PolicyArn=id, VersionId=min(spare, key=_number))
            iam.create_policy_version(PolicyArn=id, PolicyDocument=new["policy"], SetAsDefault=True)
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            iam.untag_policy(PolicyArn=id, TagKeys=removed)
        if added:
            iam.tag_policy(PolicyArn=id, Tags=tag_list(added))

    def delete(self, call: Call, id: str, state: Data) -> None:
        iam = call.client("iam")
        with ignoring(*_MISSING):
            for item in iam.list_policy_versions(PolicyArn=id)["Versions"]:
                if not item["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=id, VersionId=item["VersionId"])
            iam.delete_policy(PolicyArn=id)


class RolePolicyAttachment(ResourceType):
    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    schema = Schema(
        inputs={
            "role": Prop(required=True, replace=True),
            "policyArn": Prop(required=True, replace=True),
        },
        outputs=(),
    )

    def create(self, call: Call, inputs: Data) -> str:
        call.client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return self.id_from(call, inputs)

    def id_from(self, call: Call, inputs: Data) -> str:
        return f"{inputs['role']}/{inputs['policyArn']}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        role, _, arn = id.partition("/")
        with ignoring(*_MISSING):
            pages = call.client("iam").get_paginator("list_attached_role_policies").paginate(RoleName=role)
            if any(item["PolicyArn"] == arn for page in pages for item in page["AttachedPolicies"]):
                return {"role": role, "policyArn": arn}
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        """Nothing of it changes in place."""

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_MISSING):
            call.client("iam").detach_role_policy(RoleName=state["role"], PolicyArn=state["policyArn"])


def _number(version: str) -> int:
    return int(version.removeprefix("v"))
