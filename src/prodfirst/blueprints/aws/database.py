"""Aurora PostgreSQL with the defaults of production; its master password is in Secrets Manager alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws

from prodfirst.blueprints.blueprint import Blueprint, Protection, place

_PORT = 5432


class Database(Blueprint):
    """A cluster with one instance a zone, up to two."""

    token = "prodfirst:aws:Database"  # noqa: S105 - Pulumi's word for the name of a type
    defaults: ClassVar[Mapping[str, Any]] = {
        "key.deletion_window_in_days": 30,
        "key.tags": None,
        "key.enable_key_rotation": True,
        "cluster.engine_version": "16.8",
        "cluster.master_username": "administrator",
        "cluster.backup_retention_period": 35,
        "cluster.copy_tags_to_snapshot": True,
        "cluster.enabled_cloudwatch_logs_exports": ("postgresql",),
        "cluster.iam_database_authentication_enabled": True,
        "instance.instance_class": "db.r6g.large",
        "instance.auto_minor_version_upgrade": True,
    }
    protections: ClassVar[Mapping[str, Protection]] = {
        "key.protect": Protection(on=True, off=False, removal=True),
        "cluster.protect": Protection(on=True, off=False, removal=True),
        "cluster.deletion_protection": Protection(on=True, off=False, removal=True),
        "cluster.storage_encrypted": Protection(on=True, off=False),
        "cluster.skip_final_snapshot": Protection(on=False, off=True, removal=True),
        "cluster.delete_automated_backups": Protection(on=False, off=True, removal=True),
        "parameters.force_ssl": Protection(on="1", off="0"),
        "instance.publicly_accessible": Protection(on=False, off=True),
    }

    def __init__(
        self,
        name: str,
        *,
        vpc_id: pulumi.Input[str],
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        allow_from: Sequence[pulumi.Input[str]],
        database: str = "app",
        overrides: Mapping[str, Any] | None = None,
        unprotected: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`allow_from`: address ranges that may connect."""
        super().__init__(name, overrides=overrides, unprotected=unprotected, opts=opts)
        self._prefix = place().prefix
        self._key = aws.kms.Key(
            name,
            description=f"{self._prefix}: database at rest",
            **self.settings("key"),
            opts=self.options("key"),
        )
        subnets = aws.rds.SubnetGroup(
            name,
            name=f"{self._prefix}-{name}",
            description="where the database may be",
            subnet_ids=subnet_ids,
            opts=self.options("subnets"),
        )
        group = self._group(vpc_id, allow_from)
        self.cluster = self._cluster(name, database, subnets, group)
        for index in range(min(2, len(place().zones))):
            aws.rds.ClusterInstance(
                f"{name}-{index}",
                identifier=f"{self._prefix}-{name}-{index}",
                cluster_identifier=self.cluster.id,
                engine="aurora-postgresql",
                db_subnet_group_name=subnets.name,
                **self.settings("instance"),
                opts=self.options("instance"),
            )
        self.database = database
        self.endpoint = self.cluster.endpoint
        self.port = self.cluster.port
        self.arn = self.cluster.arn
        self.credentials = self.cluster.master_user_secrets[0].secret_arn
        self.register_outputs({})

    def _group(
        self, vpc_id: pulumi.Input[str], allow_from: Sequence[pulumi.Input[str]]
    ) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            "database",
            name=f"{self._prefix}-database",
            description="PostgreSQL from the address ranges that may connect",
            vpc_id=vpc_id,
            opts=self.options("group"),
        )
        for index, cidr in enumerate(allow_from):
            aws.vpc.SecurityGroupIngressRule(
                f"database-{index}",
                security_group_id=group.id,
                description="PostgreSQL",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=_PORT,
                to_port=_PORT,
                opts=self.options("group"),
            )
        return group

    def _cluster(
        self, name: str, database: str, subnets: aws.rds.SubnetGroup, group: aws.ec2.SecurityGroup
    ) -> aws.rds.Cluster:
        parameters = aws.rds.ClusterParameterGroup(
            name,
            name=f"{self._prefix}-{name}",
            description="TLS for every connection",
            family=f"aurora-postgresql{self._settings['cluster.engine_version'].partition('.')[0]}",
            parameters=[{"name": "rds.force_ssl", "value": self._settings["parameters.force_ssl"]}],
            opts=self.options("parameters"),
        )
        return aws.rds.Cluster(
            name,
            cluster_identifier=f"{self._prefix}-{name}",
            engine="aurora-postgresql",
            database_name=database,
            manage_master_user_password=True,
            kms_key_id=self._key.arn,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[group.id],
            db_cluster_parameter_group_name=parameters.name,
            final_snapshot_identifier=f"{self._prefix}-{name}-final",
            **self.settings("cluster"),
            opts=self.options("cluster"),
        )
