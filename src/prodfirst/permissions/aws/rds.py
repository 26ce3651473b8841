"""RDS: identifiers are given by the program; groups that it does not name are AWS's own `default` ones."""

from __future__ import annotations

from prodfirst.permissions.aws.entry import (
    REFERENCE,
    Entry,
    Prerequisite,
    Rule,
    calls,
    given,
    needs,
    omitted,
    rule,
)
from prodfirst.permissions.aws.iam import linked_role, pass_role
from prodfirst.permissions.aws.kms import under_key
from prodfirst.permissions.aws.scope import Scope, Target, arn
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.grants import Slot

_MAKES = (Slot.CREATE, Slot.UPDATE)
_ROLE_SERVICE = "rds.amazonaws.com"


def _named(kind: str) -> Scope:
    return arn("rds", lambda subject: f"{kind}:{subject.name()}")


def _group(kind: str, prop: str) -> Scope:
    """The group in an input, or AWS's default one."""

    def path(subject: Subject) -> str:
        return f"{kind}:{subject.named(prop) if subject.given(prop) else 'default*'}"

    return arn("rds", path)


def _tagging(kind: str) -> tuple[Rule, ...]:
    return (
        rule("ListTagsForResource", _named(kind)),
        rule("AddTagsToResource RemoveTagsFromResource", _named(kind)),
    )


def _tagged_at_creation(kind: str, action: str) -> Prerequisite:
    why = f"{REFERENCE}: `{action}` with tags needs `rds:AddTagsToResource`"
    return needs("rds:AddTagsToResource", _named(kind), slots=(Slot.CREATE,), why=why)


_CLUSTER = _named("cluster")
_CLUSTER_PARTS = (
    _CLUSTER,
    _group("cluster-pg", "dbClusterParameterGroupName"),
    _group("subgrp", "dbSubnetGroupName"),
    arn("rds", lambda _subject: "og:default*"),
)


def _final_snapshot(subject: Subject) -> list[Target]:
    name = subject.value("finalSnapshotIdentifier")
    shown = name if isinstance(name, str) else "*"
    return [Target(f"arn:aws:rds:{subject.region}:{subject.account}:cluster-snapshot:{shown}")]


def _snapshotted(subject: Subject) -> bool:
    return not subject.given("skipFinalSnapshot")


_MANAGED_SECRET = arn("secretsmanager", lambda _subject: "secret:rds!cluster-*")

CLUSTER = Entry(
    "aws:rds/cluster:Cluster",
    "aws_rds_cluster",
    "rds",
    calls(
        create="AddRoleToDBCluster CreateDBCluster DescribeDBClusters DescribeGlobalClusters ModifyDBCluster"
        " RestoreDBClusterFromS3 RestoreDBClusterFromSnapshot RestoreDBClusterToPointInTime",
        read="DescribeDBClusters DescribeGlobalClusters",
        update="AddRoleToDBCluster DescribeDBClusters DescribeGlobalClusters DisableHttpEndpoint"
        " EnableHttpEndpoint ModifyDBCluster PromoteReadReplicaDBCluster RemoveFromGlobalCluster"
        " RemoveRoleFromDBCluster",
        delete="DeleteDBCluster DescribeDBClusters ModifyDBCluster RemoveFromGlobalCluster",
        tags="ListTagsForResource",
        retags="AddTagsToResource RemoveTagsFromResource",
    ),
    (
        rule("CreateDBCluster ModifyDBCluster", *_CLUSTER_PARTS),
        rule("DescribeDBClusters", _CLUSTER),
        rule("DescribeGlobalClusters", arn("rds", lambda _subject: "global-cluster:*", regional=False)),
        rule("DeleteDBCluster", _CLUSTER),
        rule("AddRoleToDBCluster RemoveRoleFromDBCluster", _CLUSTER, when=given("iamRoles")),
        rule(
            "EnableHttpEndpoint DisableHttpEndpoint",
            _CLUSTER,
            when=given("enableHttpEndpoint"),
        ),
        rule(
            "RestoreDBClusterFromSnapshot",
            *_CLUSTER_PARTS,
            arn("rds", lambda _subject: "cluster-snapshot:*"),
            when=given("snapshotIdentifier"),
        ),
        rule(
            "RestoreDBClusterToPointInTime",
            *_CLUSTER_PARTS,
            arn("rds", lambda _subject: "cluster:*"),
            when=given("restoreToPointInTime"),
        ),
        *_tagging("cluster"),
    ),
    (
        _tagged_at_creation("cluster", "CreateDBCluster"),
        *under_key("kmsKeyId", "rds"),
        *under_key("masterUserSecretKmsKeyId", "secretsmanager"),
        needs(
            "iam:CreateServiceLinkedRole",
            linked_role(_ROLE_SERVICE),
            slots=(Slot.CREATE,),
            why="Amazon RDS user guide: the first database of an account makes `AWSServiceRoleForRDS`",
        ),
        needs(
            "iam:PassRole",
            lambda subject: pass_role("monitoringRoleArn", "monitoring.rds.amazonaws.com")(subject),
            slots=_MAKES,
            why=f"{REFERENCE}: enhanced monitoring passes a role",
            when=given("monitoringRoleArn"),
        ),
        needs(
            "secretsmanager:CreateSecret secretsmanager:TagResource",
            _MANAGED_SECRET,
            slots=_MAKES,
            why=f"{REFERENCE}: RDS makes the secret of the master user in the caller's name",
            when=given("manageMasterUserPassword"),
        ),
        needs(
            "secretsmanager:RotateSecret",
            _MANAGED_SECRET,
            slots=(Slot.UPDATE,),
            why=f"{REFERENCE}: `ModifyDBCluster` rotates the secret of the master user",
            when=given("manageMasterUserPassword"),
        ),
        needs(
            "rds:CreateDBClusterSnapshot rds:DeleteDBCluster",
            _CLUSTER,
            _final_snapshot,
            slots=(Slot.DELETE,),
            why=f"{REFERENCE}: deleting with a final snapshot",
            when=_snapshotted,
        ),
        needs(
            "rds:AddTagsToResource",
            _final_snapshot,
            slots=(Slot.DELETE,),
            why=f"{REFERENCE}: tags are copied to the final snapshot",
            when=lambda subject: _snapshotted(subject) and subject.given("copyTagsToSnapshot"),
        ),
    ),
    omitted(
        {
            "RestoreDBClusterFromS3": "only with `s3Import`, which is for MySQL backups alone",
            "PromoteReadReplicaDBCluster": "only for a replica of another region's cluster",
            "RemoveFromGlobalCluster": "only for a member of a global database, which no stack makes",
        }
    ),
)

_INSTANCE = _named("db")
_OF_CLUSTER = arn("rds", lambda subject: f"cluster:{subject.named('clusterIdentifier')}")
INSTANCE = Entry(
    "aws:rds/clusterInstance:ClusterInstance",
    "aws_rds_cluster_instance",
    "rds",
    calls(
        create="CreateDBInstance DescribeDBClusters DescribeDBInstances ModifyDBInstance RebootDBInstance",
        read="DescribeDBClusters DescribeDBInstances",
        update="DescribeDBClusters DescribeDBInstances ModifyDBInstance",
        delete="DeleteDBInstance DescribeDBClusters DescribeDBInstances PromoteReadReplicaDBCluster",
        tags="ListTagsForResource",
        retags="AddTagsToResource RemoveTagsFromResource",
    ),
    (
        rule(
            "CreateDBInstance",
            _INSTANCE,
            _OF_CLUSTER,
            _group("pg", "dbParameterGroupName"),
            _group("subgrp", "dbSubnetGroupName"),
            arn("rds", lambda _subject: "og:default*"),
        ),
        rule("ModifyDBInstance", _INSTANCE, _group("pg", "dbParameterGroupName")),
        rule("RebootDBInstance DeleteDBInstance DescribeDBInstances", _INSTANCE),
        rule("DescribeDBClusters", _OF_CLUSTER),
        *_tagging("db"),
    ),
    (
        _tagged_at_creation("db", "CreateDBInstance"),
        *under_key("performanceInsightsKmsKeyId", "rds"),
        needs(
            "iam:PassRole",
            lambda subject: pass_role("monitoringRoleArn", "monitoring.rds.amazonaws.com")(subject),
            slots=_MAKES,
            why=f"{REFERENCE}: enhanced monitoring passes a role",
            when=given("monitoringRoleArn"),
        ),
    ),
    omitted({"PromoteReadReplicaDBCluster": "only for a replica of another region's cluster"}),
)

_SUBNETS = _named("subgrp")
SUBNET_GROUP = Entry(
    "aws:rds/subnetGroup:SubnetGroup",
    "aws_db_subnet_group",
    "rds",
    calls(
        create="CreateDBSubnetGroup DescribeDBSubnetGroups",
        read="DescribeDBSubnetGroups",
        update="DescribeDBSubnetGroups ModifyDBSubnetGroup",
        delete="DeleteDBSubnetGroup DescribeDBSubnetGroups",
        tags="ListTagsForResource",
        retags="AddTagsToResource RemoveTagsFromResource",
    ),
    (
        rule("CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup", _SUBNETS),
        rule("DescribeDBSubnetGroups", _SUBNETS),
        *_tagging("subgrp"),
    ),
    (_tagged_at_creation("subgrp", "CreateDBSubnetGroup"),),
)

_PARAMETERS = _named("cluster-pg")
PARAMETER_GROUP = Entry(
    "aws:rds/clusterParameterGroup:ClusterParameterGroup",
    "aws_rds_cluster_parameter_group",
    "rds",
    calls(
        create="CreateDBClusterParameterGroup DescribeDBClusterParameterGroups DescribeDBClusterParameters"
        " ModifyDBClusterParameterGroup ResetDBClusterParameterGroup",
        read="DescribeDBClusterParameterGroups DescribeDBClusterParameters",
        update="DescribeDBClusterParameterGroups DescribeDBClusterParameters ModifyDBClusterParameterGroup"
        " ResetDBClusterParameterGroup",
        delete="DeleteDBClusterParameterGroup",
        tags="ListTagsForResource",
        retags="AddTagsToResource RemoveTagsFromResource",
    ),
    (
        rule("CreateDBClusterParameterGroup DeleteDBClusterParameterGroup", _PARAMETERS),
        rule("ModifyDBClusterParameterGroup ResetDBClusterParameterGroup", _PARAMETERS),
        rule("DescribeDBClusterParameterGroups DescribeDBClusterParameters", _PARAMETERS),
        *_tagging("cluster-pg"),
    ),
    (_tagged_at_creation("cluster-pg", "CreateDBClusterParameterGroup"),),
)

ENTRIES = (CLUSTER, INSTANCE, SUBNET_GROUP, PARAMETER_GROUP)
