"""EKS clusters, and what all types of EKS share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from prodfirst.providers.aws.resource import Call, ResourceType, changed, changed_tags, ignoring, requested
from prodfirst.providers.schema import Data, Prop, Schema

MISSING = ("ResourceNotFoundException",)
_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_ENDPOINT = ("endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs")
_PLACE = ("subnetIds", "securityGroupIds")
_BOOTSTRAP = "bootstrapClusterCreatorAdminPermissions"


def retag(call: Call, arn: str, old: Data, new: Data) -> None:
    """Make the tags of anything of EKS what the inputs say."""
    added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
    if removed:
        call.client("eks").untag_resource(resourceArn=arn, tagKeys=removed)
    if added:
        call.client("eks").tag_resource(resourceArn=arn, tags=added)


def stamp(found: datetime) -> str:
    """A time as the original writes it."""
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")


def wait_update(call: Call, update: dict[str, Any], **named: str) -> None:
    """Until an update is done. Raises RuntimeError with EKS's reasons where it fails."""

    def done() -> bool:
        found = call.client("eks").describe_update(updateId=update["id"], **named)["update"]
        if found["status"] in ("Failed", "Cancelled"):
            reasons = "; ".join(error.get("errorMessage", "") for error in found.get("errors", []))
            raise RuntimeError(
                f"update {update['id']} of {named['name']} {found['status'].lower()}: {reasons}"
            )
        return bool(found["status"] == "Successful")

    call.wait(f"update {update['id']} of {named['name']}", done)


def wait_status(call: Call, what: str, find: Callable[[], dict[str, Any] | None]) -> None:
    """Until something is ACTIVE. Raises RuntimeError where it failed or went."""

    def active() -> bool:
        found = find()
        if found is None or found["status"].endswith("FAILED"):
            issues = (found or {}).get("health", {}).get("issues", [])
            reasons = "; ".join(str(issue.get("message", "")) for issue in issues)
            raise RuntimeError(f"{what}: {found['status'] if found else 'gone'} {reasons}".strip())
        return bool(found["status"] == "ACTIVE")

    call.wait(f"{what} active", active)


class Cluster(ResourceType):
    token = "aws:eks/cluster:Cluster"
    named = "name"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "roleArn": Prop(required=True, replace=True),
            "version": Prop(computed=True),
            "vpcConfig": Prop(
                required=True, sort=True, nested=("clusterSecurityGroupId", "publicAccessCidrs", "vpcId")
            ),
            "accessConfig": Prop(
                computed=True,
                nested=("authenticationMode",),
                replace=lambda old, new: (
                    bool((old or {}).get(_BOOTSTRAP)) != bool((new or {}).get(_BOOTSTRAP))
                ),
            ),
            "bootstrapSelfManagedAddons": Prop(default=True, replace=True),
            "deletionProtection": Prop(computed=True),
            "enabledClusterLogTypes": Prop(sort=True),
            # a key can be added, not changed or taken away
            "encryptionConfig": Prop(sort=True, replace=lambda old, new: old is not None),
            "forceUpdateVersion": Prop(),
            "kubernetesNetworkConfig": Prop(
                computed=True,
                replace=True,
                nested=("elasticLoadBalancing", "ipFamily", "serviceIpv4Cidr", "serviceIpv6Cidr"),
            ),
            "upgradePolicy": Prop(computed=True),
        },
        outputs=(
            "arn",
            "certificateAuthority",
            "clusterId",
            "createdAt",
            "endpoint",
            "identities",
            "platformVersion",
            "status",
            "tagsAll",
        ),
        stable=("arn", "certificateAuthority", "createdAt", "endpoint", "identities"),
        tagged=True,
        follows={"platformVersion": ("version",)},
    )

    def create(self, call: Call, inputs: Data) -> str:
        names = {
            "version": "version",
            "accessConfig": "accessConfig",
            "deletionProtection": "deletionProtection",
            "kubernetesNetworkConfig": "kubernetesNetworkConfig",
            "upgradePolicy": "upgradePolicy",
        }
        request = requested(inputs, names)
        if inputs.get("enabledClusterLogTypes"):
            request["logging"] = {
                "clusterLogging": [{"types": inputs["enabledClusterLogTypes"], "enabled": True}]
            }
        if inputs.get("encryptionConfig"):
            request["encryptionConfig"] = [inputs["encryptionConfig"]]
        call.client("eks").create_cluster(
            name=inputs["name"],
            roleArn=inputs["roleArn"],
            resourcesVpcConfig={key: inputs["vpcConfig"][key] for key in (*_PLACE, *_ENDPOINT)
                                if key in inputs["vpcConfig"]},
            bootstrapSelfManagedAddons=inputs["bootstrapSelfManagedAddons"],
            tags=call.tags(inputs),
            **request,
        )  # fmt: skip
        return str(inputs["name"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        wait_status(call, f"EKS cluster {id}", lambda: self._find(call, id))

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self._find(call, id)
        if found is None:
            return None
        encryption = found.get("encryptionConfig") or [None]
        authority = (found.get("certificateAuthority") or {}).get("data")
        issuer = (found.get("identity") or {}).get("oidc", {}).get("issuer")
        return {
            "name": found["name"],
            "roleArn": found["roleArn"],
            "version": found["version"],
            "vpcConfig": _network(found["resourcesVpcConfig"]),
            "accessConfig": _access(found.get("accessConfig"), known.get("accessConfig")),
            "bootstrapSelfManagedAddons": known.get("bootstrapSelfManagedAddons", True),
            "deletionProtection": found.get("deletionProtection", False),
            "enabledClusterLogTypes": _logs(found.get("logging")) or None,
            "encryptionConfig": encryption[0],
            "forceUpdateVersion": known.get("forceUpdateVersion"),
            "kubernetesNetworkConfig": found.get("kubernetesNetworkConfig"),
            "upgradePolicy": found.get("upgradePolicy"),
            "arn": found["arn"],
            "certificateAuthority": {"data": authority} if authority else None,
            "clusterId": found.get("id"),
            "createdAt": stamp(found["createdAt"]),
            "endpoint": found.get("endpoint"),
            "identities": [{"oidcs": [{"issuer": issuer}]}] if issuer else [],
            "platformVersion": found.get("platformVersion"),
            "status": found["status"],
            "tagsAll": found.get("tags", {}),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        """One change a call: EKS takes no two kinds of it at once."""
        eks = call.client("eks")
        if "version" in new and old.get("version") != new["version"]:
            force = requested(new, {"forceUpdateVersion": "force"})
            wait_update(
                call, eks.update_cluster_version(name=id, version=new["version"], **force)["update"], name=id
            )
        if new.get("encryptionConfig") and old.get("encryptionConfig") is None:
            made = eks.associate_encryption_config(clusterName=id, encryptionConfig=[new["encryptionConfig"]])
            wait_update(call, made["update"], name=id)
        for change in _config_changes(old, new):
            wait_update(call, eks.update_cluster_config(name=id, **change)["update"], name=id)
        retag(call, old["arn"], old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*MISSING):
            call.client("eks").delete_cluster(name=id)
        call.wait(f"EKS cluster {id} deleted", lambda: self._find(call, id) is None)

    def _find(self, call: Call, id: str) -> dict[str, Any] | None:
        with ignoring(*MISSING):
            found: dict[str, Any] = call.client("eks").describe_cluster(name=id)["cluster"]
            return found
        return None


def _network(found: dict[str, Any]) -> Data:
    return {
        "clusterSecurityGroupId": found.get("clusterSecurityGroupId"),
        "endpointPrivateAccess": found.get("endpointPrivateAccess", False),
        "endpointPublicAccess": found.get("endpointPublicAccess", True),
        "publicAccessCidrs": sorted(found.get("publicAccessCidrs", [])),
        "securityGroupIds": sorted(found.get("securityGroupIds", [])),
        "subnetIds": sorted(found.get("subnetIds", [])),
        "vpcId": found.get("vpcId"),
    }


def _access(found: dict[str, Any] | None, known: dict[str, Any] | None) -> Data:
    """The API does not say whether the creator was made an administrator."""
    result = {"authenticationMode": (found or {}).get("authenticationMode")}
    if _BOOTSTRAP in (known or {}):
        result[_BOOTSTRAP] = (known or {})[_BOOTSTRAP]
    return result


def _logs(found: dict[str, Any] | None) -> list[str]:
    listed = (found or {}).get("clusterLogging", [])
    return sorted(kind for item in listed if item.get("enabled") for kind in item.get("types", []))


def _config_changes(old: Data, new: Data) -> list[dict[str, Any]]:
    """The calls of UpdateClusterConfig that lead from old to new."""
    changes: list[dict[str, Any]] = []
    mode = (new.get("accessConfig") or {}).get("authenticationMode")
    if mode and mode != (old.get("accessConfig") or {}).get("authenticationMode"):
        changes.append({"accessConfig": {"authenticationMode": mode}})
    names = {key: key for key in ("deletionProtection", "upgradePolicy")}
    changes += [{key: value} for key, value in changed(old, new, names).items()]
    before = set(old.get("enabledClusterLogTypes") or [])
    after = set(new.get("enabledClusterLogTypes") or [])
    if before != after:
        kinds = [(sorted(after), True), (sorted(set(_LOG_TYPES) - after), False)]
        logging = [{"types": types, "enabled": enabled} for types, enabled in kinds if types]
        changes.append({"logging": {"clusterLogging": logging}})
    for keys in (_ENDPOINT, _PLACE):
        given = {key: new["vpcConfig"][key] for key in keys if key in new["vpcConfig"]}
        if any(_set(old["vpcConfig"].get(key)) != _set(value) for key, value in given.items()):
            changes.append({"resourcesVpcConfig": given})
    return changes


def _set(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value
