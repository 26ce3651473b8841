"""Aurora clusters and their instances."""

from __future__ import annotations

from typing import Any

from prodfirst.providers.aws.rds import RdsType
from prodfirst.providers.aws.resource import Call, changed, ignoring, requested, tag_list
from prodfirst.providers.schema import Data, Failure, Prop, Schema

_MADE_WITH = {
    "availabilityZones": "AvailabilityZones",
    "databaseName": "DatabaseName",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "engineMode": "EngineMode",
    "kmsKeyId": "KmsKeyId",
    "masterUsername": "MasterUsername",
    "storageEncrypted": "StorageEncrypted",
    "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
}
"""Input → parameter of CreateDBCluster, for what no ModifyDBCluster takes under that name."""
_SETTINGS = {
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "dbClusterParameterGroupName": "DBClusterParameterGroupName",
    "deletionProtection": "DeletionProtection",
    "engineVersion": "EngineVersion",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "manageMasterUserPassword": "ManageMasterUserPassword",
    "masterPassword": "MasterUserPassword",
    "masterUserSecretKmsKeyId": "MasterUserSecretKmsKeyId",
    "networkType": "NetworkType",
    "port": "Port",
    "preferredBackupWindow": "PreferredBackupWindow",
    "preferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "vpcSecurityGroupIds": "VpcSecurityGroupIds",
}
"""Input → parameter of CreateDBCluster and of ModifyDBCluster."""
_CHOICES = (
    "allowMajorVersionUpgrade",
    "applyImmediately",
    "deleteAutomatedBackups",
    "finalSnapshotIdentifier",
    "manageMasterUserPassword",
    "masterPassword",
    "skipFinalSnapshot",
)
"""Inputs that the API does not show: how to change and to delete it, and secrets."""

_IMPORTED: Data = {"skipFinalSnapshot": True, "deleteAutomatedBackups": True}
"""What the original takes for these when it imports: no call tells."""


def _one_password(inputs: Data) -> Failure | None:
    if inputs.get("manageMasterUserPassword") and "masterPassword" in inputs:
        return Failure("masterPassword", "`masterPassword` conflicts with `manageMasterUserPassword`")
    return None


def _has_final_snapshot(inputs: Data) -> Failure | None:
    """The original finds it out when it deletes; then the estate is half gone."""
    if inputs["skipFinalSnapshot"] is False and "finalSnapshotIdentifier" not in inputs:
        return Failure(
            "finalSnapshotIdentifier",
            "`finalSnapshotIdentifier` is required while `skipFinalSnapshot` is false",
        )
    return None


class Cluster(RdsType):
    token = "aws:rds/cluster:Cluster"
    named = "clusterIdentifier"
    missing = ("DBClusterNotFoundFault",)
    schema = Schema(
        inputs={
            "clusterIdentifier": Prop(replace=True, autoname=True),
            "engine": Prop(required=True, replace=True),
            "engineMode": Prop(replace=True, default="provisioned"),
            "engineVersion": Prop(computed=True),
            "databaseName": Prop(computed=True, replace=True),
            "masterUsername": Prop(computed=True, replace=True),
            "masterPassword": Prop(secret=True),
            "manageMasterUserPassword": Prop(),
            "masterUserSecretKmsKeyId": Prop(computed=True),
            "availabilityZones": Prop(computed=True, replace=True, sort=True),
            "dbSubnetGroupName": Prop(computed=True, replace=True),
            "vpcSecurityGroupIds": Prop(computed=True, sort=True),
            "dbClusterParameterGroupName": Prop(computed=True),
            "port": Prop(computed=True),
            "networkType": Prop(computed=True),
            "storageEncrypted": Prop(computed=True, replace=True),
            "kmsKeyId": Prop(computed=True, replace=True),
            "deletionProtection": Prop(),
            "iamDatabaseAuthenticationEnabled": Prop(),
            "backupRetentionPeriod": Prop(default=1),
            "preferredBackupWindow": Prop(computed=True),
            "preferredMaintenanceWindow": Prop(
                computed=True, same=lambda left, right: str(left).lower() == str(right).lower()
            ),
            "copyTagsToSnapshot": Prop(default=False),
            "skipFinalSnapshot": Prop(default=False),
            "finalSnapshotIdentifier": Prop(),
            "deleteAutomatedBackups": Prop(default=True),
            "enabledCloudwatchLogsExports": Prop(sort=True),
            "serverlessv2ScalingConfiguration": Prop(),
            "applyImmediately": Prop(computed=True),
            "allowMajorVersionUpgrade": Prop(),
        },
        outputs=(
            "arn",
            "clusterMembers",
            "clusterResourceId",
            "endpoint",
            "engineVersionActual",
            "hostedZoneId",
            "masterUserSecrets",
            "readerEndpoint",
            "tagsAll",
        ),
        stable=("arn", "clusterResourceId", "hostedZoneId"),
        tagged=True,
        elsewhere=("clusterMembers",),
        follows={
            "engineVersionActual": ("engineVersion",),
            "masterUserSecrets": ("manageMasterUserPassword", "masterUserSecretKmsKeyId"),
        },
        checks=(_one_password, _has_final_snapshot),
    )

    def create(self, call: Call, inputs: Data) -> str:
        call.client("rds").create_db_cluster(
            DBClusterIdentifier=inputs["clusterIdentifier"].lower(),
            Engine=inputs["engine"],
            Tags=tag_list(call.tags(inputs)),
            **requested(inputs, {**_MADE_WITH, **_SETTINGS}),
            **_scaling(inputs),
        )
        return str(inputs["clusterIdentifier"]).lower()

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        self._available(call, id)

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self._find(call, id)
        if found is None:
            return None
        settings = {key: found.get(shown) for key, shown in _SHOWN.items()}
        secret = found.get("MasterUserSecret")
        scaling = found.get("ServerlessV2ScalingConfiguration")
        return {
            **settings,
            **{key: value for key, value in (known or _IMPORTED).items() if key in _CHOICES},
            "engineVersion": _asked_version(known, found["EngineVersion"]),
            "engineVersionActual": found["EngineVersion"],
            "availabilityZones": sorted(found.get("AvailabilityZones", [])),
            "vpcSecurityGroupIds": sorted(
                g["VpcSecurityGroupId"] for g in found.get("VpcSecurityGroups", [])
            ),
            "clusterMembers": sorted(m["DBInstanceIdentifier"] for m in found.get("DBClusterMembers", [])),
            "enabledCloudwatchLogsExports": sorted(found.get("EnabledCloudwatchLogsExports", [])) or None,
            "serverlessv2ScalingConfiguration": scaling and _lower(scaling),
            "masterUserSecretKmsKeyId": secret and secret.get("KmsKeyId"),
            "masterUserSecrets": [_lower(secret)] if secret else [],
            "tagsAll": self.tags(call, found["DBClusterArn"]),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        request = {**changed(old, new, _SETTINGS), **_logs(old, new)}
        if old.get("serverlessv2ScalingConfiguration") != new.get("serverlessv2ScalingConfiguration"):
            request |= _scaling(new)
        for key in ("deletionProtection", "iamDatabaseAuthenticationEnabled", "manageMasterUserPassword"):
            if old.get(key) and key not in new:
                request[_SETTINGS[key]] = False
        if "EngineVersion" in request and new.get("allowMajorVersionUpgrade"):
            request["AllowMajorVersionUpgrade"] = True
        if request:
            now = bool(new.get("applyImmediately"))
            call.client("rds").modify_db_cluster(DBClusterIdentifier=id, ApplyImmediately=now, **request)
            self._available(call, id)
        self.retag(call, old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        request: dict[str, Any] = {"SkipFinalSnapshot": bool(state.get("skipFinalSnapshot"))}
        if not request["SkipFinalSnapshot"]:
            if not state.get("finalSnapshotIdentifier"):
                raise ValueError("`finalSnapshotIdentifier` is required while `skipFinalSnapshot` is false")
            request["FinalDBSnapshotIdentifier"] = state["finalSnapshotIdentifier"]
        with ignoring(*self.missing):
            call.client("rds").delete_db_cluster(
                DBClusterIdentifier=id,
                DeleteAutomatedBackups=state.get("deleteAutomatedBackups", True),
                **request,
            )
        call.wait(f"DB cluster {id} deleted", lambda: self._find(call, id) is None)

    def _find(self, call: Call, id: str) -> dict[str, Any] | None:
        with ignoring(*self.missing):
            found: list[dict[str, Any]] = call.client("rds").describe_db_clusters(DBClusterIdentifier=id)[
                "DBClusters"
            ]
            return found[0] if found else None
        return None

    def _available(self, call: Call, id: str) -> None:
        def available() -> bool:
            found = self._find(call, id)
            return found is not None and found["Status"] == "available"

        call.wait(f"DB cluster {id} available", available)


_SHOWN = {
    "clusterIdentifier": "DBClusterIdentifier",
    "engine": "Engine",
    "engineMode": "EngineMode",
    "databaseName": "DatabaseName",
    "masterUsername": "MasterUsername",
    "dbSubnetGroupName": "DBSubnetGroup",
    "dbClusterParameterGroupName": "DBClusterParameterGroup",
    "port": "Port",
    "networkType": "NetworkType",
    "storageEncrypted": "StorageEncrypted",
    "kmsKeyId": "KmsKeyId",
    "deletionProtection": "DeletionProtection",
    "iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "preferredBackupWindow": "PreferredBackupWindow",
    "preferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "arn": "DBClusterArn",
    "clusterResourceId": "DbClusterResourceId",
    "endpoint": "Endpoint",
    "hostedZoneId": "HostedZoneId",
    "readerEndpoint": "ReaderEndpoint",
}
"""Property → element of a DBCluster."""


def _asked_version(known: Data, actual: str) -> str:
    """A version asked for by its beginning (`16`) is met by any that begins so; as the original does."""
    asked = str(known.get("engineVersion") or actual)
    return asked if actual == asked or actual.startswith(f"{asked}.") else actual


def _scaling(inputs: Data) -> dict[str, Any]:
    given = inputs.get("serverlessv2ScalingConfiguration")
    if not given:
        return {}
    return {"ServerlessV2ScalingConfiguration": {key[0].upper() + key[1:]: v for key, v in given.items()}}


def _logs(old: Data, new: Data) -> dict[str, Any]:
    before = set(old.get("enabledCloudwatchLogsExports") or [])
    after = set(new.get("enabledCloudwatchLogsExports") or [])
    if before == after:
        return {}
    change = {"EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}
    return {"CloudwatchLogsExportConfiguration": change}


def _lower(found: dict[str, Any]) -> Data:
    """An answer's members as properties."""
    return {key[0].lower() + key[1:]: value for key, value in found.items()}
