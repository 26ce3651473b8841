"""Services whose resources have names in their parameters: RDS, EKS, logs, SSM, secrets, topics, events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prodfirst.localcloud.aws.authorization.access_entries import in_arn
from prodfirst.localcloud.aws.authorization.calls import Call, Keys, Use, pairs, tag_keys
from prodfirst.localcloud.aws.authorization.targets import arn, uses

_RDS: Mapping[str, tuple[str, ...]] = {
    "cluster": ("DBClusterIdentifier", "SourceDBClusterIdentifier", "ReplicationSourceIdentifier"),
    "db": ("DBInstanceIdentifier", "SourceDBInstanceIdentifier"),
    "subgrp": ("DBSubnetGroupName",),
    "cluster-pg": ("DBClusterParameterGroupName",),
    "pg": ("DBParameterGroupName", "DBInstanceParameterGroupName"),
    "og": ("OptionGroupName",),
    "cluster-snapshot": ("DBClusterSnapshotIdentifier", "SourceDBClusterSnapshotIdentifier",
                         "FinalDBSnapshotIdentifier"),
    "snapshot": ("DBSnapshotIdentifier", "SourceDBSnapshotIdentifier"),
    "cluster-endpoint": ("DBClusterEndpointIdentifier",),
    "global-cluster": ("GlobalClusterIdentifier",),
    "proxy": ("DBProxyName",),
    "proxy-endpoint": ("DBProxyEndpointName",),
    "es": ("SubscriptionName",),
}  # fmt: skip
"""Resource type → parameters that name one."""
_RDS_TYPES = {"db-proxy": "proxy", "db-proxy-endpoint": "proxy-endpoint", "shard-group": "shardgrp"}
_APPENDED = "-??????"
"""Of a secret that has no ARN yet: as policies write the six characters that AWS will append."""


def rds(call: Call) -> Iterator[Use]:
    """RDS. What a new database takes by default is checked too (RDS User Guide, identity-based policies)."""
    bound = {
        type: [arn(call, type, name.lower()) for name in call.texts(*parameters)]
        for type, parameters in _RDS.items()
    }
    for resource in call.texts("ResourceName", "ResourceIdentifier"):
        kind = resource.split(":")[5] if resource.count(":") > 5 else ""
        bound.setdefault(_RDS_TYPES.get(kind, kind), []).append(resource)
    if call.operation.startswith("Create"):
        engine = f"{call.text('Engine')}{call.text('EngineVersion').partition('.')[0]}"
        for type, name in (("og", f"default:{engine}"), ("pg", f"default.{engine}"),
                           ("cluster-pg", f"default.{engine}"), ("subgrp", "default")):  # fmt: skip
            if not bound[type]:
                bound[type] = [arn(call, type, name)]
    yield from uses(call, bound, tags=_tags(call))


def eks(call: Call) -> Iterator[Use]:
    """EKS. Parts of a cluster have ids in their ARNs: looked up, else any id under that name."""
    cluster = call.text("clusterName") or call.text("name")
    bound = {"cluster": [arn(call, "cluster", cluster)] if cluster else []}
    for type, parameter in (
        ("nodegroup", "nodegroupName"),
        ("addon", "addonName"),
        ("access-entry", "principalArn"),
        ("podidentityassociation", "associationId"),
        ("fargateprofile", "fargateProfileName"),
    ):
        if name := call.text(parameter):
            found = call.state.eks(call.region, type, cluster, name)
            named = in_arn(name) if type == "access-entry" else (name,)
            bound[type] = [found or arn(call, type, cluster, *named)]
    for resource in call.texts("resourceArn"):
        type = resource.split(":")[-1].split("/")[0]
        bound[type] = [call.state.access_entry(call.region, resource) if type == "access-entry" else resource]
    yield from uses(call, bound, tags=_tags(call), keys=_entrance(call))


def _entrance(call: Call) -> Keys:
    """What a call says of an access entry (Service Authorization Reference, condition keys of EKS)."""
    if call.operation not in ("AssociateAccessPolicy", "CreateAccessEntry", "UpdateAccessEntry"):
        return {}
    scope = call.input.get("accessScope") or {}
    keys: dict[str, str | tuple[str, ...]] = {
        "eks:accessEntryType": call.text("type"),
        "eks:accessScope": str(scope.get("type") or ""),
        "eks:policyArn": call.text("policyArn"),
        "eks:principalArn": call.text("principalArn"),
        "eks:username": call.text("username"),
        "eks:kubernetesGroups": tuple(call.texts("kubernetesGroups")),
        "eks:namespaces": tuple(map(str, scope.get("namespaces") or ())),
    }
    return {key: value for key, value in keys.items() if value}


def eks_auth(call: Call) -> Iterator[Use]:
    """EKS Auth: its one action is on a cluster of EKS (Service Authorization Reference)."""
    cluster = f"arn:aws:eks:{call.region}:{call.account}:cluster/{call.text('clusterName')}"
    yield Use(f"eks-auth:{call.operation}", cluster)


def logs(call: Call) -> Iterator[Use]:
    """CloudWatch Logs. An action on a group is asked for on `…:log-group:NAME:log-stream:`, tags on the group
    itself (CloudWatch Logs User Guide, "Resources and operations": why policies end in `:*`).
    """
    names = call.texts("logGroupName", "logGroupIdentifier", "logGroupIdentifiers", "logGroupNames")
    groups = [arn(call, "log-group", name.removesuffix(":*")) for name in names]
    streams = [stream for stream in call.texts("logStreamName", "logStreamNames") if stream]
    tagged = [resource.removesuffix(":*") for resource in call.texts("resourceArn", "resourceIdentifier")]
    bound = {
        "log-group": tagged or [f"{group}:log-stream:" for group in groups],
        "log-stream": [f"{group}:log-stream:{stream}" for group in groups for stream in streams],
    }
    yield from uses(call, bound, tags=_tags(call))


def ssm(call: Call) -> Iterator[Use]:
    """Parameters by path; reading an encrypted one uses its key in the caller's name."""
    names = [_parameter(name) for name in call.texts("Name", "Names", "Path")]
    if call.text("ResourceType") == "Parameter":
        names.append(_parameter(call.text("ResourceId")))
    bound = {"parameter": [arn(call, "parameter", name.lstrip("/")) for name in names]}
    yield from uses(call, bound, tags=_tags(call))
    if call.operation.startswith("GetParameter") and "true" in call.texts("WithDecryption"):
        for name in names:
            yield from _decrypts(call, call.state.parameter_key(call.region, name), "ssm")


def secretsmanager(call: Call) -> Iterator[Use]:
    """Secrets; reading one under a key of one's own uses that key in the caller's name."""
    bound: dict[str, list[str]] = {"Secret": []}
    encrypted = []
    for reference in call.texts("SecretId", "SecretIdList"):
        found = call.state.secret(call.region, reference)
        bound["Secret"].append(found[0] if found else arn(call, "Secret", reference + _APPENDED))
        encrypted += [found[1]] if found else []
    if call.operation == "CreateSecret":
        bound["Secret"].append(arn(call, "Secret", call.text("Name") + _APPENDED))
    yield from uses(call, bound, tags=_tags(call))
    if call.operation in ("GetSecretValue", "BatchGetSecretValue"):
        for key in encrypted:
            yield from _decrypts(call, key, "secretsmanager")


def sns(call: Call) -> Iterator[Use]:
    """Topics; a subscription's ARN is its topic's with one part more."""
    topics = call.texts("TopicArn", "ResourceArn")
    topics += [subscription.rpartition(":")[0] for subscription in call.texts("SubscriptionArn")]
    if call.operation == "CreateTopic":
        topics.append(arn(call, "topic", call.text("Name")))
    yield from uses(call, {"topic": topics}, tags=_tags(call))


def events(call: Call) -> Iterator[Use]:
    """Rules on the default bus or on another, and buses."""
    bus = call.text("EventBusName").rpartition("/")[2]
    own = bus not in ("", "default")
    type = "rule-on-custom-event-bus" if own else "rule-on-default-event-bus"
    bound: dict[str, list[str]] = {type: []}
    if call.operation.endswith(("EventBus", "EventBuses")):
        bound["event-bus"] = [arn(call, "event-bus", name) for name in call.texts("Name")]
    else:
        bound[type] = [arn(call, type, *([bus] if own else []), name) for name in call.texts("Name", "Rule")]
        bound["event-bus"] = [arn(call, "event-bus", bus or "default")]
    for resource in call.texts("ResourceARN"):
        parts = resource.rpartition(":")[2].split("/")
        kind = {"rule": ("rule-on-default-event-bus", "rule-on-custom-event-bus")[len(parts) > 2]}
        bound[kind.get(parts[0], parts[0])] = [resource]
    yield from uses(call, bound, tags=_tags(call))


def _decrypts(call: Call, key: str, via: str) -> Iterator[Use]:
    found = call.state.key(call.region, key) if key else None
    if found:
        service = f"{via}.{call.region}.amazonaws.com"
        yield Use("kms:Decrypt", found.arn, {"kms:ViaService": service}, forwarded=True)


def _parameter(name: str) -> str:
    """Without version or label, and a path without its last slash."""
    if name.startswith("arn:"):
        return name
    return re.sub(r":[^:/]+$", "", name).rstrip("/")


def _tags(call: Call) -> Mapping[str, str | tuple[str, ...]]:
    given = [pair for name in ("Tags", "tags") for pair in pairs(call.input.get(name))]
    removed = call.texts("TagKeys", "tagKeys")
    return {"aws:TagKeys": tuple(removed)} if removed else tag_keys(given)
