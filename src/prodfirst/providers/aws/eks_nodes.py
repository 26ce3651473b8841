"""Node groups and add-ons of an EKS cluster."""

from __future__ import annotations

from typing import Any

from prodfirst.providers.aws.eks import MISSING, retag, stamp, wait_status, wait_update
from prodfirst.providers.aws.resource import Call, ResourceType, changed, ignoring, requested
from prodfirst.providers.schema import Data, Prop, Schema

_MADE_WITH = {
    "amiType": "amiType",
    "capacityType": "capacityType",
    "diskSize": "diskSize",
    "instanceTypes": "instanceTypes",
    "labels": "labels",
    "launchTemplate": "launchTemplate",
    "nodeRoleArn": "nodeRole",
    "releaseVersion": "releaseVersion",
    "scalingConfig": "scalingConfig",
    "subnetIds": "subnets",
    "updateConfig": "updateConfig",
    "version": "version",
}
"""Input → parameter of CreateNodegroup, and member of its answer."""


class NodeGroup(ResourceType):
    """Its id is `CLUSTER:NAME`."""

    token = "aws:eks/nodeGroup:NodeGroup"
    schema = Schema(
        inputs={
            "clusterName": Prop(required=True, replace=True),
            "nodeGroupName": Prop(replace=True, autoname=True),
            "nodeRoleArn": Prop(required=True, replace=True),
            "subnetIds": Prop(required=True, replace=True, sort=True),
            "scalingConfig": Prop(required=True),
            "amiType": Prop(computed=True, replace=True),
            "capacityType": Prop(computed=True, replace=True),
            "diskSize": Prop(computed=True, replace=True),
            "instanceTypes": Prop(computed=True, replace=True),
            "labels": Prop(),
            "launchTemplate": Prop(nested=("id", "name"), replace=lambda old, new: not (old and new)),
            "releaseVersion": Prop(computed=True),
            "taints": Prop(sort=True),
            "updateConfig": Prop(computed=True),
            "version": Prop(computed=True),
            "forceUpdateVersion": Prop(),
        },
        outputs=("arn", "resources", "status", "tagsAll"),
        stable=("arn",),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        cluster, name = inputs["clusterName"], inputs["nodeGroupName"]
        taints = {"taints": inputs["taints"]} if inputs.get("taints") else {}
        call.client("eks").create_nodegroup(
            clusterName=cluster,
            nodegroupName=name,
            tags=call.tags(inputs),
            **requested(inputs, _MADE_WITH),
            **taints,
        )
        return f"{cluster}:{name}"

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        wait_status(call, f"EKS node group {id}", lambda: self._find(call, id))

    def id_from(self, call: Call, inputs: Data) -> str:
        return f"{inputs['clusterName']}:{inputs['nodeGroupName']}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self._find(call, id)
        if found is None:
            return None
        groups = found.get("resources", {}).get("autoScalingGroups", [])
        return {
            **{key: found.get(member) or None for key, member in _MADE_WITH.items()},
            "clusterName": found["clusterName"],
            "nodeGroupName": found["nodegroupName"],
            "taints": found.get("taints") or None,
            "forceUpdateVersion": known.get("forceUpdateVersion"),
            "arn": found["nodegroupArn"],
            "resources": [
                {
                    "autoscalingGroups": [{"name": item["name"]} for item in groups],
                    "remoteAccessSecurityGroupId": found.get("resources", {}).get(
                        "remoteAccessSecurityGroup"
                    ),
                }
            ],
            "status": found["status"],
            "tagsAll": found.get("tags", {}),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        eks, named = call.client("eks"), _group(id)
        where = {"name": named["clusterName"], "nodegroupName": named["nodegroupName"]}
        newer = changed(old, new, {key: key for key in ("launchTemplate", "releaseVersion", "version")})
        if newer:
            force = requested(new, {"forceUpdateVersion": "force"})
            wait_update(call, eks.update_nodegroup_version(**named, **newer, **force)["update"], **where)
        request = changed(old, new, {"scalingConfig": "scalingConfig", "updateConfig": "updateConfig"})
        request |= _labels(old.get("labels") or {}, new.get("labels") or {})
        request |= _taints(old.get("taints") or [], new.get("taints") or [])
        if request:
            wait_update(call, eks.update_nodegroup_config(**named, **request)["update"], **where)
        retag(call, old["arn"], old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*MISSING):
            call.client("eks").delete_nodegroup(**_group(id))
        call.wait(f"EKS node group {id} deleted", lambda: self._find(call, id) is None)

    def _find(self, call: Call, id: str) -> dict[str, Any] | None:
        with ignoring(*MISSING):
            found: dict[str, Any] = call.client("eks").describe_nodegroup(**_group(id))["nodegroup"]
            return found
        return None


def _group(id: str) -> dict[str, str]:
    cluster, _, name = id.partition(":")
    return {"clusterName": cluster, "nodegroupName": name}


def _labels(old: dict[str, str], new: dict[str, str]) -> dict[str, Any]:
    added = {key: value for key, value in new.items() if old.get(key) != value}
    removed = sorted(set(old) - set(new))
    if not added and not removed:
        return {}
    return {"labels": {"addOrUpdateLabels": added, "removeLabels": removed}}


def _taints(old: list[Data], new: list[Data]) -> dict[str, Any]:
    added = [taint for taint in new if taint not in old]
    removed = [taint for taint in old if taint not in new]
    if not added and not removed:
        return {}
    return {"taints": {"addOrUpdateTaints": added, "removeTaints": removed}}


class Addon(ResourceType):
    """Its id is `CLUSTER:NAME`."""

    token = "aws:eks/addon:Addon"
    _settings = ("addonVersion", "configurationValues", "serviceAccountRoleArn")
    schema = Schema(
        inputs={
            "clusterName": Prop(required=True, replace=True),
            "addonName": Prop(required=True, replace=True),
            "addonVersion": Prop(computed=True),
            "configurationValues": Prop(computed=True),
            "serviceAccountRoleArn": Prop(),
            "preserve": Prop(),
            "resolveConflictsOnCreate": Prop(),
            "resolveConflictsOnUpdate": Prop(),
        },
        outputs=("arn", "createdAt", "modifiedAt", "tagsAll"),
        stable=("arn", "createdAt"),
        tagged=True,
        follows={"modifiedAt": _settings},
    )
    _choices = ("preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate")
    """Inputs that no call shows."""

    def create(self, call: Call, inputs: Data) -> str:
        call.client("eks").create_addon(
            clusterName=inputs["clusterName"],
            addonName=inputs["addonName"],
            tags=call.tags(inputs),
            **requested(
                inputs,
                {**{key: key for key in self._settings}, "resolveConflictsOnCreate": "resolveConflicts"},
            ),
        )
        return f"{inputs['clusterName']}:{inputs['addonName']}"

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        wait_status(call, f"EKS add-on {id}", lambda: self._find(call, id))

    def id_from(self, call: Call, inputs: Data) -> str:
        return f"{inputs['clusterName']}:{inputs['addonName']}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self._find(call, id)
        if found is None:
            return None
        return {
            **{key: found.get(key) or None for key in self._settings},
            **{key: known.get(key) for key in self._choices},
            "clusterName": found["clusterName"],
            "addonName": found["addonName"],
            "arn": found["addonArn"],
            "createdAt": stamp(found["createdAt"]),
            "modifiedAt": stamp(found["modifiedAt"]),
            "tagsAll": found.get("tags", {}),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        request = changed(old, new, {key: key for key in self._settings})
        for key in ("configurationValues", "serviceAccountRoleArn"):
            if old.get(key) and key not in new and not self.schema.inputs[key].computed:
                request[key] = ""
        if request:
            resolve = requested(new, {"resolveConflictsOnUpdate": "resolveConflicts"})
            made = call.client("eks").update_addon(**_addon(id), **request, **resolve)
            named = _addon(id)
            wait_update(call, made["update"], name=named["clusterName"], addonName=named["addonName"])
        retag(call, old["arn"], old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*MISSING):
            call.client("eks").delete_addon(**_addon(id), **requested(state, {"preserve": "preserve"}))
        call.wait(f"EKS add-on {id} deleted", lambda: self._find(call, id) is None)

    def _find(self, call: Call, id: str) -> dict[str, Any] | None:
        with ignoring(*MISSING):
            found: dict[str, Any] = call.client("eks").describe_addon(**_addon(id))["addon"]
            return found
        return None


def _addon(id: str) -> dict[str, str]:
    cluster, _, name = id.partition(":")
    return {"clusterName": cluster, "addonName": name}
