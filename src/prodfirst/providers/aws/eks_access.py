"""Who may do what in an EKS cluster: access entries, their policies, and the roles of pods."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prodfirst.providers.aws.eks import MISSING, retag, stamp
from prodfirst.providers.aws.resource import Call, ResourceType, changed, ignoring, requested
from prodfirst.providers.schema import Data, Prop, Schema


class AccessEntry(ResourceType):
    """Its id is `CLUSTER:PRINCIPAL-ARN`."""

    token = "aws:eks/accessEntry:AccessEntry"
    schema = Schema(
        inputs={
            "clusterName": Prop(required=True, replace=True),
            "principalArn": Prop(required=True, replace=True),
            "kubernetesGroups": Prop(computed=True, sort=True),
            "type": Prop(default="STANDARD", replace=True),
            "userName": Prop(computed=True),
        },
        outputs=("accessEntryArn", "createdAt", "modifiedAt", "tagsAll"),
        stable=("accessEntryArn", "createdAt"),
        tagged=True,
        follows={"modifiedAt": ("kubernetesGroups", "userName")},
    )

    def create(self, call: Call, inputs: Data) -> str:
        call.client("eks").create_access_entry(
            clusterName=inputs["clusterName"],
            principalArn=inputs["principalArn"],
            tags=call.tags(inputs),
            type=inputs["type"],
            **requested(inputs, {"kubernetesGroups": "kubernetesGroups", "userName": "username"}),
        )
        return f"{inputs['clusterName']}:{inputs['principalArn']}"

    def id_from(self, call: Call, inputs: Data) -> str:
        return f"{inputs['clusterName']}:{inputs['principalArn']}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        with ignoring(*MISSING):
            found = call.client("eks").describe_access_entry(**_entry(id))["accessEntry"]
            return {
                "clusterName": found["clusterName"],
                "principalArn": found["principalArn"],
                "kubernetesGroups": sorted(found.get("kubernetesGroups", [])),
                "type": found["type"],
                "userName": found.get("username"),
                "accessEntryArn": found["accessEntryArn"],
                "createdAt": stamp(found["createdAt"]),
                "modifiedAt": stamp(found["modifiedAt"]),
                "tagsAll": found.get("tags", {}),
            }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        names = {"kubernetesGroups": "kubernetesGroups", "userName": "username"}
        if changed(old, new, names):
            call.client("eks").update_access_entry(**_entry(id), **requested(new, names))
        retag(call, old["accessEntryArn"], old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*MISSING):
            call.client("eks").delete_access_entry(**_entry(id))


def _entry(id: str) -> dict[str, str]:
    cluster, _, principal = id.partition(":")
    return {"clusterName": cluster, "principalArn": principal}


class AccessPolicyAssociation(ResourceType):
    """Its id is `CLUSTER#PRINCIPAL-ARN#POLICY-ARN`; nothing of it can be changed in place."""

    token = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    schema = Schema(
        inputs={
            "clusterName": Prop(required=True, replace=True),
            "principalArn": Prop(required=True, replace=True),
            "policyArn": Prop(required=True, replace=True),
            "accessScope": Prop(required=True, replace=True, sort=True),
        },
        outputs=("associatedAt", "modifiedAt"),
        stable=("associatedAt", "modifiedAt"),
        delete_first=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        named = {key: inputs[key] for key in ("clusterName", "principalArn", "policyArn")}
        call.client("eks").associate_access_policy(**named, accessScope=inputs["accessScope"])
        return "#".join(named.values())

    def id_from(self, call: Call, inputs: Data) -> str:
        return "#".join(str(inputs[key]) for key in ("clusterName", "principalArn", "policyArn"))

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        cluster, principal, policy = id.split("#")
        pages = call.client("eks").get_paginator("list_associated_access_policies")
        with ignoring(*MISSING):
            for page in pages.paginate(clusterName=cluster, principalArn=principal):
                for found in page["associatedAccessPolicies"]:
                    if found["policyArn"] == policy:
                        return {
                            "clusterName": cluster,
                            "principalArn": principal,
                            "policyArn": policy,
                            "accessScope": _scope(found["accessScope"]),
                            "associatedAt": stamp(found["associatedAt"]),
                            "modifiedAt": stamp(found["modifiedAt"]),
                        }
        return None

    def delete(self, call: Call, id: str, state: Data) -> None:
        cluster, principal, policy = id.split("#")
        with ignoring(*MISSING):
            call.client("eks").disassociate_access_policy(
                clusterName=cluster, principalArn=principal, policyArn=policy
            )


def _scope(found: dict[str, Any]) -> Data:
    """A scope of a whole cluster lists no namespaces."""
    spaces = {"namespaces": sorted(found["namespaces"])} if found.get("namespaces") else {}
    return {"type": found["type"], **spaces}


class PodIdentityAssociation(ResourceType):
    """The role of a service account; imported by `CLUSTER,ASSOCIATION-ID`."""

    token = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
    _settings = ("roleArn", "targetRoleArn", "disableSessionTags")
    schema = Schema(
        inputs={
            "clusterName": Prop(required=True, replace=True),
            "namespace": Prop(required=True, replace=True),
            "serviceAccount": Prop(required=True, replace=True),
            "roleArn": Prop(required=True),
            "targetRoleArn": Prop(),
            "disableSessionTags": Prop(computed=True),
        },
        outputs=("associationArn", "associationId", "externalId", "tagsAll"),
        stable=("associationArn", "associationId"),
        tagged=True,
        delete_first=True,
        follows={"externalId": ("targetRoleArn",)},
    )

    def imported(self, id: str) -> tuple[str, Data]:
        cluster, _, association = id.partition(",")
        return association, {"clusterName": cluster}

    def create(self, call: Call, inputs: Data) -> str:
        made = call.client("eks").create_pod_identity_association(
            clusterName=inputs["clusterName"],
            namespace=inputs["namespace"],
            serviceAccount=inputs["serviceAccount"],
            tags=call.tags(inputs),
            **requested(inputs, {key: key for key in self._settings}),
        )
        return str(made["association"]["associationId"])

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """A service account of a cluster has one at most."""
        named = {key: inputs[key] for key in ("clusterName", "namespace", "serviceAccount")}
        with ignoring(*MISSING):
            found = call.client("eks").list_pod_identity_associations(**named)["associations"]
            return tuple(str(item["associationId"]) for item in found)
        return ()

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        named = {"clusterName": known["clusterName"], "associationId": id}
        with ignoring(*MISSING):
            found = call.client("eks").describe_pod_identity_association(**named)["association"]
            shown = ("clusterName", "namespace", "serviceAccount", *self._settings, "associationArn",
                     "associationId", "externalId")  # fmt: skip
            return {**{key: found.get(key) for key in shown}, "tagsAll": found.get("tags", {})}
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        names = {key: key for key in self._settings}
        request = changed(old, new, names)
        if old.get("targetRoleArn") and not new.get("targetRoleArn"):
            request["targetRoleArn"] = ""
        if request:
            named = {"clusterName": new["clusterName"], "associationId": id}
            call.client("eks").update_pod_identity_association(**named, **request)
        retag(call, old["associationArn"], old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*MISSING):
            call.client("eks").delete_pod_identity_association(
                clusterName=state["clusterName"], associationId=id
            )
