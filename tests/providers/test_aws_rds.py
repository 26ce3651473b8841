"""An Aurora cluster as a datastores stack declares it; behind it runs a real PostgreSQL."""

from __future__ import annotations

import json
from typing import Any

import pg8000.dbapi
import pytest
from aws_programs import HEAD, AwsProgram
from botocore.exceptions import ClientError
from local_callers import Caller

from prodfirst.kernel.errors import Failure
from prodfirst.planning.steps import Operation

_ESTATE = (
    HEAD
    + """
vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16")
subnets = [
    aws.ec2.Subnet(f"s{i}", vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=f"eu-central-1{z}")
    for i, z in enumerate("abc")
]
firewall = aws.ec2.SecurityGroup("f", vpc_id=vpc.id)
key = aws.kms.Key("k")
groups = aws.rds.SubnetGroup("g", subnet_ids=[s.id for s in subnets], tags={"a": "1"})
parameters = aws.rds.ClusterParameterGroup(
    "p", family="aurora-postgresql16",
    parameters=[{"name": "log_statement", "value": "ddl"}, {"name": "rds.force_ssl", "value": "1"}],
)
cluster = aws.rds.Cluster(
    "c",
    cluster_identifier="orders",
    engine="aurora-postgresql",
    engine_version="16.8",
    database_name="orders",
    master_username="boss",
    manage_master_user_password=True,
    master_user_secret_kms_key_id=key.arn,
    db_subnet_group_name=groups.name,
    db_cluster_parameter_group_name=parameters.name,
    vpc_security_group_ids=[firewall.id],
    storage_encrypted=True,
    kms_key_id=key.arn,
    deletion_protection=True,
    iam_database_authentication_enabled=True,
    backup_retention_period=14,
    copy_tags_to_snapshot=True,
    skip_final_snapshot=False,
    final_snapshot_identifier="orders-last",
    delete_automated_backups=False,
    enabled_cloudwatch_logs_exports=["postgresql", "iam-db-auth-error"],
    serverlessv2_scaling_configuration={"min_capacity": 0.5, "max_capacity": 4},
    apply_immediately=True,
    tags={"a": "1"},
)
instance = aws.rds.ClusterInstance(
    "i",
    identifier="orders-1",
    cluster_identifier=cluster.id,
    engine="aurora-postgresql",
    instance_class="db.serverless",
    auto_minor_version_upgrade=False,
    performance_insights_enabled=True,
    promotion_tier=1,
    tags={"a": "1"},
)
pulumi.export("endpoint", cluster.endpoint)
pulumi.export("port", cluster.port)
pulumi.export("secret", cluster.master_user_secrets[0].secret_arn)
pulumi.export("instance", [instance.endpoint, instance.port, instance.writer])
"""
)


def _opened(aws: AwsProgram, caller: Caller) -> Any:
    """A connection, with what the stack exports and what Secrets Manager gives."""
    found = caller.client("secretsmanager").get_secret_value(SecretId=aws.output("secret"))["SecretString"]
    password = json.loads(found)["password"]
    assert password not in json.dumps(aws.state())
    return pg8000.dbapi.connect(
        "boss", host=aws.output("endpoint"), port=aws.output("port"), password=password, database="orders"
    )


def test_an_estate_with_a_cluster_from_the_first_up_to_its_final_snapshot(
    aws: AwsProgram, administrator: Caller
) -> None:
    rds = administrator.client("rds")
    aws.up(_ESTATE)
    assert aws.output("instance") == [aws.output("endpoint"), aws.output("port"), True]
    with _opened(aws, administrator) as connection:
        connection.cursor().execute("create table t (a int)")
        connection.commit()
    assert aws.unsettled(_ESTATE) == []

    changed = _ESTATE
    for old, new in (
        ("backup_retention_period=14", "backup_retention_period=7"),
        ('["postgresql", "iam-db-auth-error"]', '["postgresql", "instance"]'),
        ('"max_capacity": 4', '"max_capacity": 8'),
        ('"value": "ddl"', '"value": "all"'),
        (', {"name": "rds.force_ssl", "value": "1"}', ""),
        ("promotion_tier=1", "promotion_tier=2"),
        ('for i, z in enumerate("abc")', 'for i, z in enumerate("ab")'),
        ('"a": "1"', '"a": "2"'),
    ):
        assert old in changed
        changed = changed.replace(old, new)
    steps = {name: step for name, step in aws.steps(changed).items() if step is not Operation.SAME}
    assert steps == {**dict.fromkeys("gpci", Operation.UPDATE), "s2": Operation.DELETE}
    aws.up(changed)
    (shown,) = rds.describe_db_clusters(DBClusterIdentifier="orders")["DBClusters"]
    assert shown["BackupRetentionPeriod"] == 7
    assert shown["EnabledCloudwatchLogsExports"] == ["instance", "postgresql"]
    assert {"Key": "a", "Value": "2"} in shown["TagList"]
    assert aws.unsettled(changed) == []

    assert aws.changes(changed.replace('database_name="orders"', 'database_name="other"'), "c") == {
        "databaseName": True
    }

    aws.program("")
    assert "DeletionProtection" in str(aws.engine.update(aws.run).problems)
    rds.modify_db_cluster(DBClusterIdentifier="orders", DeletionProtection=False)
    aws.destroy()
    (kept,) = rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert kept["DBClusterSnapshotIdentifier"] == "orders-last"
    assert rds.describe_db_clusters()["DBClusters"] == []
    assert rds.describe_db_subnet_groups()["DBSubnetGroups"] == []
    with pytest.raises(ClientError, match="NotFound"):
        administrator.client("secretsmanager").get_secret_value(SecretId=kept["DBClusterSnapshotIdentifier"])


def test_a_cluster_that_is_there_is_imported(aws: AwsProgram, administrator: Caller) -> None:
    rds = administrator.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="there", Engine="aurora-postgresql", MasterUsername="boss",
        MasterUserPassword="of-the-owner",
    )  # fmt: skip
    source = HEAD + (
        'aws.rds.Cluster("c", cluster_identifier="there", engine="aurora-postgresql",\n'
        '                master_username="boss", skip_final_snapshot=True,\n'
        '                opts=ResourceOptions(import_="there"))\n'
    )
    assert aws.steps(source) == {"c": Operation.IMPORT}
    aws.up(source)
    assert aws.unsettled(source) == []
    aws.destroy()
    assert rds.describe_db_clusters()["DBClusters"] == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "`finalSnapshotIdentifier` is required while `skipFinalSnapshot` is false"),
        (
            'skip_final_snapshot=True, manage_master_user_password=True, master_password="x"',
            "`masterPassword` conflicts with `manageMasterUserPassword`",
        ),
        ("skip_final_snapshot=True, backtrack_window=1", "`backtrackWindow` is not supported"),
    ],
)
def test_what_would_fail_later_is_refused_in_the_plan(aws: AwsProgram, given: str, says: str) -> None:
    aws.program(HEAD + f'aws.rds.Cluster("c", engine="aurora-postgresql", {given})\n')
    with pytest.raises(Failure) as caught:
        aws.engine.preview(aws.run)
    assert says in str(caught.value)
