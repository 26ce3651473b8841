"""Roles, policies and who may take on a role."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from prodfirst.providers.aws.resource import (
    Call,
    ResourceType,
    changed_tags,
    ignoring,
    requested,
    tag_list,
    tag_map,
)
from prodfirst.providers.schema import Data, Prop, Schema, is_policy

_MISSING = ("NoSuchEntity", "NoSuchEntityException")
_VERSIONS = 5
"""The most versions that a managed policy can have (IAM quotas)."""


def document(found: Any) -> str:
    """A policy document as the API gives it: botocore decodes it to an object, or leaves its encoded text."""
    return unquote(found) if isinstance(found, str) else json.dumps(found)


class Role(ResourceType):
    token = "aws:iam/role:Role"
    named = "name"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "path": Prop(replace=True, default="/"),
            "assumeRolePolicy": Prop(required=True, check=is_policy, document=True),
            "description": Prop(),
            "maxSessionDuration": Prop(default=3600),
            "permissionsBoundary": Prop(),
            "forceDetachPolicies": Prop(default=False),
        },
        outputs=("arn", "createDate", "tagsAll", "uniqueId"),
        stable=("arn", "createDate", "uniqueId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        names = {"description": "Description", "permissionsBoundary": "PermissionsBoundary", "path": "Path"}
        call.client("iam").create_role(
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            MaxSessionDuration=inputs["maxSessionDuration"],
            Tags=tag_list(call.tags(inputs)),
            **requested(inputs, names),
        )
        return str(inputs["name"])

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        with ignoring(*_MISSING):
            found = call.client("iam").get_role(RoleName=id)["Role"]
            boundary = found.get("PermissionsBoundary") or {}
            return {
                "name": found["RoleName"],
                "path": found["Path"],
                "assumeRolePolicy": document(found["AssumeRolePolicyDocument"]),
                "description": found.get("Description") or None,
                "maxSessionDuration": found.get("MaxSessionDuration", 3600),
                "permissionsBoundary": boundary.get("PermissionsBoundaryArn"),
                "forceDetachPolicies": known.get("forceDetachPolicies", False),
                "arn": found["Arn"],
                "createDate": found["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
                "uniqueId": found["RoleId"],
                "tagsAll": tag_map(found.get("Tags")),
            }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        iam = call.client("iam")
        if not self.schema.inputs["assumeRolePolicy"].means(
            old.get("assumeRolePolicy"), new["assumeRolePolicy"]
        ):
            iam.update_assume_role_policy(RoleName=id, PolicyDocument=new["assumeRolePolicy"])
        if old.get("description") != new.get("description"):
            iam.update_role_description(RoleName=id, Description=new.get("description") or "")
        if old.get("maxSessionDuration") != new["maxSessionDuration"]:
            iam.update_role(RoleName=id, MaxSessionDuration=new["maxSessionDuration"])
        if old.get("permissionsBoundary") != new.get("permissionsBoundary"):
            if new.get("permissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=new["permissionsBoundary"])
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
            for profile in iam.list_instance_profiles_for_role(RoleName=id)["InstanceProfiles"]:
                name = profile["InstanceProfileName"]
                iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=id)
            if state.get("forceDetachPolicies"):
                _detach_all(iam, id)
            iam.delete_role(RoleName=id)


def _detach_all(iam: Any, role: str) -> None:
    """Take away what others gave the role; without this, IAM refuses to delete it."""
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for policy in page["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            iam.delete_role_policy(RoleName=role, PolicyName=name)


class RolePolicy(ResourceType):
    """A policy within a role; its id is `ROLE:NAME`."""

    token = "aws:iam/rolePolicy:RolePolicy"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "role": Prop(required=True, replace=True),
            "policy": Prop(required=True, check=is_policy, document=True),
        },
    )

    def create(self, call: Call, inputs: Data) -> str:
        self._put(call, inputs)
        return f"{inputs['role']}:{inputs['name']}"

    def id_from(self, call: Call, inputs: Data) -> str:
        return f"{inputs['role']}:{inputs['name']}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        role, _, name = id.partition(":")
        with ignoring(*_MISSING):
            found = call.client("iam").get_role_policy(RoleName=role, PolicyName=name)
            return {"role": role, "name": name, "policy": document(found["PolicyDocument"])}
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        self._put(call, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        role, _, name = id.partition(":")
        with ignoring(*_MISSING):
            call.client("iam").delete_role_policy(RoleName=role, PolicyName=name)

    def _put(self, call: Call, inputs: Data) -> None:
        call.client("iam").put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )


class Policy(ResourceType):
    """A managed policy; its id is its ARN."""

    token = "aws:iam/policy:Policy"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "path": Prop(replace=True, default="/"),
            "description": Prop(replace=True),
            "policy": Prop(required=True, check=is_policy, document=True),
        },
        outputs=("arn", "attachmentCount", "policyId", "tagsAll"),
        stable=("arn", "policyId"),
        tagged=True,
        elsewhere=("attachmentCount",),
    )

    def create(self, call: Call, inputs: Data) -> str:
        made = call.client("iam").create_policy(
            PolicyName=inputs["name"],
            Path=inputs["path"],
            PolicyDocument=inputs["policy"],
            Tags=tag_list(call.tags(inputs)),
            **requested(inputs, {"description": "Description"}),
        )
        return str(made["Policy"]["Arn"])

    def id_from(self, call: Call, inputs: Data) -> str:
        return f"arn:aws:iam::{call.account}:policy{inputs['path']}{inputs['name']}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        iam = call.client("iam")
        with ignoring(*_MISSING):
            found = iam.get_policy(PolicyArn=id)["Policy"]
            shown = iam.get_policy_version(PolicyArn=id, VersionId=found["DefaultVersionId"])
            return {
                "name": found["PolicyName"],
                "path": found["Path"],
                "description": found.get("Description") or None,
                "policy": document(shown["PolicyVersion"]["Document"]),
                "arn": found["Arn"],
                "attachmentCount": found.get("AttachmentCount", 0),
                "policyId": found["PolicyId"],
                "tagsAll": tag_map(found.get("Tags")),
            }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        iam = call.client("iam")
        if not self.schema.inputs["policy"].means(old.get("policy"), new["policy"]):
            others = self._others(iam, id)
            if len(others) >= _VERSIONS - 1:
                iam.delete_policy_version(PolicyArn=id, VersionId=others[0])
            iam.create_policy_version(PolicyArn=id, PolicyDocument=new["policy"], SetAsDefault=True)
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            iam.untag_policy(PolicyArn=id, TagKeys=removed)
        if added:
            iam.tag_policy(PolicyArn=id, Tags=tag_list(added))

    def delete(self, call: Call, id: str, state: Data) -> None:
        iam = call.client("iam")
        with ignoring(*_MISSING):
            for version in self._others(iam, id):
                iam.delete_policy_version(PolicyArn=id, VersionId=version)
            iam.delete_policy(PolicyArn=id)

    def _others(self, iam: Any, id: str) -> list[str]:
        """The versions that are not the default, the oldest first."""
        pages = iam.get_paginator("list_policy_versions").paginate(PolicyArn=id)
        listed = [item for page in pages for item in page["Versions"] if not item["IsDefaultVersion"]]
        return sorted((item["VersionId"] for item in listed), key=lambda id: int(id.lstrip("v")))


class RolePolicyAttachment(ResourceType):
    """A managed policy on a role; its id is `ROLE/POLICY-ARN`, as it is imported by."""

    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    schema = Schema(
        inputs={
            "role": Prop(required=True, replace=True),
            "policyArn": Prop(required=True, replace=True),
        }
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

    def delete(self, call: Call, id: str, state: Data) -> None:
        role, _, arn = id.partition("/")
        with ignoring(*_MISSING):
            call.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


def _host(url: Any) -> str:
    return str(url).removeprefix("https://").rstrip("/")


class OpenIdConnectProvider(ResourceType):
    """An issuer of web identity tokens that roles may trust; its id is its ARN."""

    token = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    schema = Schema(
        inputs={
            "url": Prop(required=True, replace=True, same=lambda left, right: _host(left) == _host(right)),
            "clientIdLists": Prop(required=True, sort=True),
            "thumbprintLists": Prop(computed=True),
        },
        outputs=("arn", "tagsAll"),
        stable=("arn",),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        made = call.client("iam").create_open_id_connect_provider(
            Url=inputs["url"],
            ClientIDList=inputs["clientIdLists"],
            Tags=tag_list(call.tags(inputs)),
            **requested(inputs, {"thumbprintLists": "ThumbprintList"}),
        )
        return str(made["OpenIDConnectProviderArn"])

    def id_from(self, call: Call, inputs: Data) -> str:
        return f"arn:aws:iam::{call.account}:oidc-provider/{inputs['url'].removeprefix('https://')}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        with ignoring(*_MISSING):
            found = call.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=id)
            return {
                "url": found["Url"],
                "clientIdLists": sorted(found["ClientIDList"]),
                "thumbprintLists": found.get("ThumbprintList", []),
                "arn": id,
                "tagsAll": tag_map(found.get("Tags")),
            }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        iam, named = call.client("iam"), {"OpenIDConnectProviderArn": id}
        before, after = set(old.get("clientIdLists") or []), set(new["clientIdLists"])
        for client in sorted(after - before):
            iam.add_client_id_to_open_id_connect_provider(**named, ClientID=client)
        for client in sorted(before - after):
            iam.remove_client_id_from_open_id_connect_provider(**named, ClientID=client)
        if "thumbprintLists" in new and old.get("thumbprintLists") != new["thumbprintLists"]:
            iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=new["thumbprintLists"])
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            iam.untag_open_id_connect_provider(**named, TagKeys=removed)
        if added:
            iam.tag_open_id_connect_provider(**named, Tags=tag_list(added))

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_MISSING):
            call.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=id)
