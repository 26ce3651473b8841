"""Secrets, and their versions: a value never stands in clear in the state."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prodfirst.providers.aws.locating import CannotTell, may_be
from prodfirst.providers.aws.resource import (
    Call,
    ResourceType,
    changed,
    changed_tags,
    ignoring,
    requested,
    tag_list,
    tag_map,
)
from prodfirst.providers.schema import Data, Failure, Prop, Schema, is_policy

_MISSING = ("ResourceNotFoundException",)
_CURRENT = "AWSCURRENT"


class Secret(ResourceType):
    """Its id is its ARN."""

    token = "aws:secretsmanager/secret:Secret"
    _settings = {"description": "Description", "kmsKeyId": "KmsKeyId"}  # noqa: RUF012
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "description": Prop(),
            "kmsKeyId": Prop(),
            "policy": Prop(computed=True, check=is_policy, document=True),
            "recoveryWindowInDays": Prop(default=30),
            "forceOverwriteReplicaSecret": Prop(default=False),
        },
        outputs=("arn", "tagsAll"),
        stable=("arn",),
        tagged=True,
        elsewhere=("policy",),
    )

    def create(self, call: Call, inputs: Data) -> str:
        made = call.client("secretsmanager").create_secret(
            Name=inputs["name"], Tags=tag_list(call.tags(inputs)), **requested(inputs, self._settings)
        )
        return str(made["ARN"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        if inputs.get("policy"):
            self._put_policy(call, id, inputs["policy"])

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """By its name: AWS adds letters of its own to the ARN."""
        live = self.read(call, inputs["name"], inputs)
        if live is None:
            return ()
        if not may_be(self.schema, call.tags(inputs), inputs, live):
            raise CannotTell(f"`{inputs['name']}` exists, but is not as it was to be made")
        return (str(live["arn"]),)

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        client = call.client("secretsmanager")
        with ignoring(*_MISSING):
            found = client.describe_secret(SecretId=id)
            if "DeletedDate" in found:
                return None
            return {
                "name": found["Name"],
                "description": found.get("Description") or None,
                "kmsKeyId": found.get("KmsKeyId"),
                "policy": client.get_resource_policy(SecretId=id).get("ResourcePolicy"),
                "recoveryWindowInDays": known.get("recoveryWindowInDays", 30),
                "forceOverwriteReplicaSecret": known.get("forceOverwriteReplicaSecret", False),
                "arn": found["ARN"],
                "tagsAll": tag_map(found.get("Tags")),
            }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        client = call.client("secretsmanager")
        if any(old.get(key) != new.get(key) for key in self._settings):
            request = {"Description": new.get("description") or "", **changed(old, new, self._settings)}
            client.update_secret(SecretId=id, **request)
        if "policy" in new and not self.schema.inputs["policy"].means(old.get("policy"), new["policy"]):
            self._put_policy(call, id, new["policy"])
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            client.untag_resource(SecretId=id, TagKeys=removed)
        if added:
            client.tag_resource(SecretId=id, Tags=tag_list(added))

    def delete(self, call: Call, id: str, state: Data) -> None:
        window = state.get("recoveryWindowInDays", 30)
        how = {"RecoveryWindowInDays": window} if window else {"ForceDeleteWithoutRecovery": True}
        with ignoring(*_MISSING):
            call.client("secretsmanager").delete_secret(SecretId=id, **how)
        call.wait(f"secret {id} deleted", lambda: self.read(call, id, state) is None)

    def _put_policy(self, call: Call, id: str, policy: str) -> None:
        call.client("secretsmanager").put_resource_policy(SecretId=id, ResourcePolicy=policy)


def _one_value(inputs: Data) -> Failure | None:
    if ("secretString" in inputs) == ("secretBinary" in inputs):
        reason = "one of `secretString` and `secretBinary` must be given, and only one"
        return Failure("secretString", reason)
    return None


class SecretVersion(ResourceType):
    """A value of a secret; its id is `SECRET|VERSION`."""

    token = "aws:secretsmanager/secretVersion:SecretVersion"
    schema = Schema(
        inputs={
            "secretId": Prop(required=True, replace=True),
            "secretString": Prop(replace=True, secret=True),
            "secretBinary": Prop(replace=True, secret=True),
            "versionStages": Prop(computed=True, sort=True),
        },
        outputs=("arn", "hasSecretStringWo", "secretArn", "versionId"),
        stable=("arn", "secretArn", "versionId"),
        checks=(_one_value,),
    )

    def create(self, call: Call, inputs: Data) -> str:
        names = {"secretString": "SecretString", "versionStages": "VersionStages"}
        request = requested(inputs, names)
        if "secretBinary" in inputs:
            request["SecretBinary"] = inputs["secretBinary"].encode()
        made = call.client("secretsmanager").put_secret_value(SecretId=inputs["secretId"], **request)
        return f"{inputs['secretId']}|{made['VersionId']}"

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """A value that was put is put again, as the newest version."""
        return ()

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        secret, _, version = id.partition("|")
        with ignoring(*_MISSING, "InvalidRequestException"):  # the secret is on its way out
            found = call.client("secretsmanager").get_secret_value(SecretId=secret, VersionId=version)
            binary = found.get("SecretBinary")
            return {
                "secretId": secret,
                "secretString": found.get("SecretString"),
                "secretBinary": binary.decode() if binary is not None else None,
                "versionStages": sorted(found.get("VersionStages", [])),
                "arn": found["ARN"],
                "hasSecretStringWo": False,
                "secretArn": found["ARN"],
                "versionId": version,
            }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        secret, _, version = id.partition("|")
        before, after = set(old.get("versionStages") or []), set(new.get("versionStages") or [])
        for stage in sorted(after - before):
            self._move(call, secret, stage, MoveToVersionId=version)
        for stage in sorted(before - after - {_CURRENT}):
            self._move(call, secret, stage, RemoveFromVersionId=version)

    def delete(self, call: Call, id: str, state: Data) -> None:
        """The current version stays, as in the original: that label can only be moved."""
        secret, _, version = id.partition("|")
        for stage in sorted(set(state.get("versionStages") or []) - {_CURRENT}):
            with ignoring(*_MISSING, "InvalidParameterException", "InvalidRequestException"):
                self._move(call, secret, stage, RemoveFromVersionId=version)

    def _move(self, call: Call, secret: str, stage: str, **how: Any) -> None:
        client = call.client("secretsmanager")
        client.update_secret_version_stage(SecretId=secret, VersionStage=stage, **how)
