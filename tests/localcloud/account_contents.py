"""What there is in the account of a local cloud, and which servers run behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local_callers import Caller

_PAGES: tuple[tuple[str, str, str, str], ...] = (
    ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("eks", "list_clusters", "clusters", ""),
    ("events", "list_rules", "Rules", "Name"),
    ("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    (
        "rds",
        "describe_db_cluster_parameter_groups",
        "DBClusterParameterGroups",
        "DBClusterParameterGroupName",
    ),
    ("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("secretsmanager", "list_secrets", "SecretList", "Name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("ssm", "describe_parameters", "Parameters", "Name"),
)
"""Service, operation, the list in its answer, what names one of it."""


def held(caller: Caller) -> frozenset[str]:
    """What there is in the account, by service and name; a key that waits for its deletion is gone."""
    found = set()
    for service, operation, listed, name in _PAGES:
        client = caller.client(service)
        answers = (
            client.get_paginator(operation).paginate()
            if client.can_paginate(operation)
            else (getattr(client, operation)(),)
        )
        for answer in answers:
            found |= {f"{service}:{item[name] if name else item}" for item in answer.get(listed, ())}
    return frozenset(found | set(_keys(caller.client("kms"))) | set(_policies(caller.client("iam"))))


def _keys(kms: Any) -> Iterator[str]:
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "PendingDeletion":
                yield f"kms:{key['KeyId']}"


def _policies(iam: Any) -> Iterator[str]:
    for page in iam.get_paginator("list_policies").paginate(Scope="Local"):
        yield from (f"iam:{policy['Arn']}" for policy in page["Policies"])


def servers(home: Path) -> dict[int, str]:
    """Processes that run for clusters and databases of an installation, by their ids."""
    folders = [str(home / "local" / kind) for kind in ("kubernetes", "databases")]
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if any(folder in word for word in words for folder in folders):
            found[int(entry.parent.name)] = Path(words[0]).name
    return found
