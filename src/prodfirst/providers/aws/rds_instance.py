"""Instances of an Aurora cluster."""

from __future__ import annotations

from typing import Any

from prodfirst.providers.aws.rds import RdsType
from prodfirst.providers.aws.resource import Call, changed, ignoring, requested, tag_list
from prodfirst.providers.schema import Data, Prop, Schema

_MADE_WITH = {
    "availabilityZone": "AvailabilityZone",
    "clusterIdentifier": "DBClusterIdentifier",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "engine": "Engine",
    "engineVersion": "EngineVersion",
}
"""Input → parameter of CreateDBInstance alone."""
_SETTINGS = {
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "caCertIdentifier": "CACertificateIdentifier",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "dbParameterGroupName": "DBParameterGroupName",
    "instanceClass": "DBInstanceClass",
    "monitoringInterval": "MonitoringInterval",
    "monitoringRoleArn": "MonitoringRoleArn",
    "preferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "promotionTier": "PromotionTier",
    "publiclyAccessible": "PubliclyAccessible",
}
"""Input → parameter of CreateDBInstance and of ModifyDBInstance."""
_INSIGHTS = {
    "performanceInsightsEnabled": "EnablePerformanceInsights",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
}
_SHOWN = {
    "identifier": "DBInstanceIdentifier",
    "clusterIdentifier": "DBClusterIdentifier",
    "engine": "Engine",
    "engineVersion": "EngineVersion",
    "engineVersionActual": "EngineVersion",
    "instanceClass": "DBInstanceClass",
    "availabilityZone": "AvailabilityZone",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "caCertIdentifier": "CACertificateIdentifier",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "monitoringInterval": "MonitoringInterval",
    "monitoringRoleArn": "MonitoringRoleArn",
    "performanceInsightsEnabled": "PerformanceInsightsEnabled",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "preferredBackupWindow": "PreferredBackupWindow",
    "preferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "promotionTier": "PromotionTier",
    "publiclyAccessible": "PubliclyAccessible",
    "arn": "DBInstanceArn",
    "dbiResourceId": "DbiResourceId",
    "kmsKeyId": "KmsKeyId",
    "networkType": "NetworkType",
    "storageEncrypted": "StorageEncrypted",
}
"""Property → element of a DBInstance."""


class ClusterInstance(RdsType):
    token = "aws:rds/clusterInstance:ClusterInstance"
    named = "identifier"
    missing = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
    schema = Schema(
        inputs={
            "identifier": Prop(replace=True, autoname=True),
            "clusterIdentifier": Prop(required=True, replace=True),
            "engine": Prop(required=True, replace=True),
            "engineVersion": Prop(computed=True),
            "instanceClass": Prop(required=True),
            "availabilityZone": Prop(computed=True, replace=True),
            "dbSubnetGroupName": Prop(computed=True, replace=True),
            "dbParameterGroupName": Prop(computed=True),
            "caCertIdentifier": Prop(computed=True),
            "autoMinorVersionUpgrade": Prop(default=True),
            "copyTagsToSnapshot": Prop(default=False),
            "monitoringInterval": Prop(default=0),
            "monitoringRoleArn": Prop(computed=True),
            "performanceInsightsEnabled": Prop(computed=True),
            "performanceInsightsRetentionPeriod": Prop(computed=True),
            "preferredBackupWindow": Prop(computed=True),
            "preferredMaintenanceWindow": Prop(
                computed=True, same=lambda left, right: str(left).lower() == str(right).lower()
            ),
            "promotionTier": Prop(default=0),
            "publiclyAccessible": Prop(computed=True),
            "applyImmediately": Prop(computed=True),
            "forceDestroy": Prop(default=False),
        },
        outputs=(
            "arn",
            "dbiResourceId",
            "endpoint",
            "engineVersionActual",
            "kmsKeyId",
            "networkType",
            "port",
            "storageEncrypted",
            "tagsAll",
            "writer",
        ),
        stable=("arn", "dbiResourceId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        identifier = str(inputs["identifier"]).lower()
        call.client("rds").create_db_instance(
            DBInstanceIdentifier=identifier,
            Tags=tag_list(call.tags(inputs)),
            **requested(inputs, {**_MADE_WITH, **_SETTINGS, **_INSIGHTS}),
        )
        return identifier

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        self._available(call, id)

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self._find(call, id)
        if found is None:
            return None
        endpoint = found.get("Endpoint") or {}
        groups = found.get("DBParameterGroups") or [{}]
        return {
            **{key: found.get(shown) for key, shown in _SHOWN.items()},
            "applyImmediately": known.get("applyImmediately"),
            "forceDestroy": known.get("forceDestroy", False),
            "dbSubnetGroupName": (found.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
            "dbParameterGroupName": groups[0].get("DBParameterGroupName"),
            "endpoint": endpoint.get("Address"),
            "port": endpoint.get("Port"),
            "writer": self._writes(call, found),
            "tagsAll": self.tags(call, found["DBInstanceArn"]),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        request = changed(old, new, {**_SETTINGS, **_INSIGHTS})
        if request:
            now = bool(new.get("applyImmediately"))
            call.client("rds").modify_db_instance(DBInstanceIdentifier=id, ApplyImmediately=now, **request)
            self._available(call, id)
        self.retag(call, old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*self.missing):
            call.client("rds").delete_db_instance(DBInstanceIdentifier=id, SkipFinalSnapshot=True)
        call.wait(f"DB instance {id} deleted", lambda: self._find(call, id) is None)

    def _find(self, call: Call, id: str) -> dict[str, Any] | None:
        with ignoring(*self.missing):
            found: list[dict[str, Any]] = call.client("rds").describe_db_instances(DBInstanceIdentifier=id)[
                "DBInstances"
            ]
            return found[0] if found else None
        return None

    def _writes(self, call: Call, found: dict[str, Any]) -> bool:
        (cluster,) = call.client("rds").describe_db_clusters(
            DBClusterIdentifier=found["DBClusterIdentifier"]
        )["DBClusters"]
        member = found["DBInstanceIdentifier"]
        return any(
            item["IsClusterWriter"]
            for item in cluster["DBClusterMembers"]
            if item["DBInstanceIdentifier"] == member
        )

    def _available(self, call: Call, id: str) -> None:
        def available() -> bool:
            found = self._find(call, id)
            return found is not None and found["DBInstanceStatus"] == "available"

        call.wait(f"DB instance {id} available", available)
