"""What all types of RDS share, and the groups that a cluster refers to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prodfirst.providers.aws.resource import (
    Call,
    ResourceType,
    changed_tags,
    ignoring,
    tag_list,
    tag_map,
)
from prodfirst.providers.schema import Data, Prop, Schema

_PARAMETERS_PER_CALL = 20
"""The most that ModifyDBClusterParameterGroup and Reset… take (RDS API reference)."""


class RdsType(ResourceType):
    """RDS tags everything by its ARN."""

    def tags(self, call: Call, arn: str) -> dict[str, str]:
        """The live tags."""
        return tag_map(call.client("rds").list_tags_for_resource(ResourceName=arn).get("TagList"))

    def retag(self, call: Call, old: Data, new: Data) -> None:
        """Make the tags what the inputs say."""
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            call.client("rds").remove_tags_from_resource(ResourceName=old["arn"], TagKeys=removed)
        if added:
            call.client("rds").add_tags_to_resource(ResourceName=old["arn"], Tags=tag_list(added))


class SubnetGroup(RdsType):
    token = "aws:rds/subnetGroup:SubnetGroup"
    named = "name"
    missing = ("DBSubnetGroupNotFoundFault",)
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "description": Prop(default="Managed by Pulumi"),
            "subnetIds": Prop(required=True, sort=True),
        },
        outputs=("arn", "supportedNetworkTypes", "tagsAll", "vpcId"),
        stable=("arn", "vpcId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        name = inputs["name"].lower()
        call.client("rds").create_db_subnet_group(
            DBSubnetGroupName=name,
            DBSubnetGroupDescription=inputs["description"],
            SubnetIds=inputs["subnetIds"],
            Tags=tag_list(call.tags(inputs)),
        )
        return str(name)

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        with ignoring(*self.missing):
            (found,) = call.client("rds").describe_db_subnet_groups(DBSubnetGroupName=id)["DBSubnetGroups"]
            return {
                "name": found["DBSubnetGroupName"],
                "description": found["DBSubnetGroupDescription"],
                "subnetIds": sorted(item["SubnetIdentifier"] for item in found["Subnets"]),
                "arn": found["DBSubnetGroupArn"],
                "supportedNetworkTypes": found.get("SupportedNetworkTypes", []),
                "vpcId": found["VpcId"],
                "tagsAll": self.tags(call, found["DBSubnetGroupArn"]),
            }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        subnets = sorted(old.get("subnetIds") or []) != sorted(new["subnetIds"])
        if subnets or old.get("description") != new["description"]:
            call.client("rds").modify_db_subnet_group(
                DBSubnetGroupName=id,
                DBSubnetGroupDescription=new["description"],
                SubnetIds=new["subnetIds"],
            )
        self.retag(call, old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*self.missing):
            call.client("rds").delete_db_subnet_group(DBSubnetGroupName=id)
        call.wait(f"DB subnet group {id} deleted", lambda: self.read(call, id, state) is None)


class ClusterParameterGroup(RdsType):
    token = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
    named = "name"
    missing = ("DBParameterGroupNotFound",)
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "description": Prop(replace=True, default="Managed by Pulumi"),
            "family": Prop(required=True, replace=True),
            "parameters": Prop(same=lambda left, right: _listed(left) == _listed(right)),
        },
        outputs=("arn", "tagsAll"),
        stable=("arn",),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        call.client("rds").create_db_cluster_parameter_group(
            DBClusterParameterGroupName=inputs["name"],
            DBParameterGroupFamily=inputs["family"],
            Description=inputs["description"],
            Tags=tag_list(call.tags(inputs)),
        )
        return str(inputs["name"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        self._set(call, id, _listed(inputs.get("parameters")))

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        rds = call.client("rds")
        with ignoring(*self.missing):
            named = {"DBClusterParameterGroupName": id}
            (found,) = rds.describe_db_cluster_parameter_groups(**named)["DBClusterParameterGroups"]
            pages = rds.get_paginator("describe_db_cluster_parameters").paginate(**named, Source="user")
            listed = [item for page in pages for item in page["Parameters"] if "ParameterValue" in item]
            return {
                "name": found["DBClusterParameterGroupName"],
                "description": found["Description"],
                "family": found["DBParameterGroupFamily"],
                "parameters": [_parameter(item) for item in listed] or None,
                "arn": found["DBClusterParameterGroupArn"],
                "tagsAll": self.tags(call, found["DBClusterParameterGroupArn"]),
            }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        before, after = _listed(old.get("parameters")), _listed(new.get("parameters"))
        self._set(call, id, after - before)
        named = {name for name, _, _ in after}
        gone = sorted((name, method) for name, _, method in before if name not in named)
        for part in _parts(gone):
            call.client("rds").reset_db_cluster_parameter_group(
                DBClusterParameterGroupName=id,
                ResetAllParameters=False,
                Parameters=[{"ParameterName": name, "ApplyMethod": method} for name, method in part],
            )
        self.retag(call, old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*self.missing):
            call.client("rds").delete_db_cluster_parameter_group(DBClusterParameterGroupName=id)

    def _set(self, call: Call, id: str, parameters: Iterable[tuple[str, str, str]]) -> None:
        for part in _parts(sorted(parameters)):
            call.client("rds").modify_db_cluster_parameter_group(
                DBClusterParameterGroupName=id,
                Parameters=[
                    {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
                    for name, value, method in part
                ],
            )


def _listed(parameters: Any) -> frozenset[tuple[str, str, str]]:
    """Name, value and apply method of each; the API answers in lower case."""
    return frozenset(
        (item["name"].lower(), str(item["value"]), item.get("applyMethod") or "immediate")
        for item in parameters or []
        if isinstance(item, dict)
    )


def _parameter(found: dict[str, Any]) -> Data:
    return {
        "name": found["ParameterName"],
        "value": found["ParameterValue"],
        "applyMethod": found.get("ApplyMethod", "immediate"),
    }


def _parts(items: list[Any]) -> Iterable[list[Any]]:
    return (items[i : i + _PARAMETERS_PER_CALL] for i in range(0, len(items), _PARAMETERS_PER_CALL))
