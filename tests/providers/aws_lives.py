"""The life of one resource of each type, through the provider's own types, with every call recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local_callers import REGION, Caller

from prodfirst.providers.aws.resource import Call, ResourceType, Session
from prodfirst.providers.aws.types import TYPES
from prodfirst.providers.schema import Data, check

SLOTS = ("create", "read", "update", "delete")


@dataclass
class Recorder(Session):
    """A session whose clients tell which operations they call."""

    caller: Caller | None = None
    heard: set[str] = field(default_factory=set)

    def _made(self, service: str, region: str) -> Any:
        assert self.caller is not None
        client = self.caller.client(service, region)
        client.meta.events.register("before-call", self._hear)
        return client

    def _hear(self, model: Any, **_: Any) -> None:
        self.heard.add(f"{model.service_model.service_name}:{model.name}")

    @contextmanager
    def hearing(self) -> Iterator[set[str]]:
        """The operations that are called inside."""
        self.heard = set()
        yield self.heard


@dataclass(frozen=True)
class Life:
    """What a program gives a resource, and what it changes later; `$name` is the id of an earlier one."""

    token: str
    name: str
    inputs: Mapping[str, Any]
    changed: Mapping[str, Any] = field(default_factory=dict)


_TAGS = {"tags": {"a": "1"}}
_CHANGED_TAGS = {"tags": {"a": "2"}}
_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "arn:aws:s3:::lives-bucket/*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
)
_BLOCKED = {"blockPublicAcls": True, "blockPublicPolicy": True}
_AES = {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]}


def _document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


_TRUST = _document(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
_READING = _document(Action="s3:GetObject", Resource="arn:aws:s3:::lives-bucket/*")
_WRITING = _document(Action="s3:PutObject", Resource="arn:aws:s3:::lives-bucket/*")

LIVES: tuple[Life, ...] = (
    Life("aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.50.0.0/16", "enableDnsHostnames": True, **_TAGS},
         {"enableDnsHostnames": False, **_CHANGED_TAGS}),
    Life("aws:ec2/subnet:Subnet", "subnet", {"vpcId": "$vpc", "cidrBlock": "10.50.1.0/24", **_TAGS},
         {"mapPublicIpOnLaunch": True, "tags": {}}),
    Life("aws:ec2/internetGateway:InternetGateway", "gateway", {"vpcId": "$vpc", **_TAGS},
         _CHANGED_TAGS),
    Life("aws:ec2/routeTable:RouteTable", "table", {"vpcId": "$vpc", **_TAGS}, _CHANGED_TAGS),
    Life("aws:ec2/route:Route", "route",
         {"routeTableId": "$table", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "$gateway"}),
    Life("aws:ec2/routeTableAssociation:RouteTableAssociation", "association",
         {"routeTableId": "$table", "subnetId": "$subnet"}),
    Life("aws:ec2/securityGroup:SecurityGroup", "group",
         {"name": "lives", "vpcId": "$vpc", "revokeRulesOnDelete": True, **_TAGS}, _CHANGED_TAGS),
    Life("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "closed", {"vpcId": "$vpc", **_TAGS},
         _CHANGED_TAGS),
    Life("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ingress",
         {"securityGroupId": "$group", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443,
          "cidrIpv4": "10.50.0.0/16", **_TAGS}, {"toPort": 444, **_CHANGED_TAGS}),
    Life("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "egress",
         {"securityGroupId": "$group", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443,
          "cidrIpv4": "10.50.0.0/16", **_TAGS}, {"toPort": 444, **_CHANGED_TAGS}),
    Life("aws:ec2/vpcEndpoint:VpcEndpoint", "endpoint",
         {"vpcId": "$vpc", "serviceName": f"com.amazonaws.{REGION}.s3", "routeTableIds": ["$table"],
          **_TAGS}, {"routeTableIds": [], **_CHANGED_TAGS}),
    Life("aws:s3/bucket:Bucket", "bucket", {"bucket": "lives-bucket", "forceDestroy": True, **_TAGS},
         {"tags": {}}),
    Life("aws:ec2/flowLog:FlowLog", "flows",
         {"vpcId": "$vpc", "trafficType": "ALL", "logDestinationType": "s3",
          "logDestination": "arn:aws:s3:::lives-bucket", **_TAGS}, _CHANGED_TAGS),
    Life("aws:kms/key:Key", "key",
         {"description": "one", "enableKeyRotation": True, "isEnabled": False, **_TAGS},
         {"description": "two", "enableKeyRotation": False, "isEnabled": True, **_CHANGED_TAGS}),
    Life("aws:kms/alias:Alias", "alias", {"name": "alias/lives", "targetKeyId": "$key"}),
    Life("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "block", {"bucket": "$bucket", **_BLOCKED},
         {"blockPublicAcls": False}),
    Life("aws:s3/bucketPolicy:BucketPolicy", "policy", {"bucket": "$bucket", "policy": _POLICY}),
    Life("aws:s3/bucketVersioning:BucketVersioning", "versioning",
         {"bucket": "$bucket", "versioningConfiguration": {"status": "Enabled"}},
         {"versioningConfiguration": {"status": "Suspended"}}),
    Life("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
         "encryption",
         {"bucket": "$bucket", **_AES}),
    Life("aws:s3/bucketLogging:BucketLogging", "logging",
         {"bucket": "$bucket", "targetBucket": "$bucket", "targetPrefix": "a/"}, {"targetPrefix": "b/"}),
    Life("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "ownership",
         {"bucket": "$bucket", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
         {"rule": {"objectOwnership": "BucketOwnerPreferred"}}),
    Life("aws:ssm/parameter:Parameter", "parameter", {"name": "/lives", "type": "String", "value": "1",
         **_TAGS}, {"value": "2", **_CHANGED_TAGS}),
    Life("aws:cloudwatch/logGroup:LogGroup", "log", {"name": "lives", "retentionInDays": 7, **_TAGS},
         {"retentionInDays": 14, **_CHANGED_TAGS}),
    Life("aws:iam/role:Role", "role", {"name": "lives", "assumeRolePolicy": _TRUST, **_TAGS},
         {"description": "two", "maxSessionDuration": 7200, **_CHANGED_TAGS}),
    Life("aws:iam/rolePolicy:RolePolicy", "inline", {"name": "lives", "role": "lives", "policy": _READING},
         {"policy": _WRITING}),
    Life("aws:iam/policy:Policy", "managed", {"name": "lives", "policy": _READING, **_TAGS},
         {"policy": _WRITING, **_CHANGED_TAGS}),
    Life("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "attached",
         {"role": "lives", "policyArn": "$managed"}),
    Life("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "issuer",
         {"url": "https://lives.example.com", "clientIdLists": ["a"], **_TAGS},
         {"clientIdLists": ["b"], **_CHANGED_TAGS}),
    Life("aws:secretsmanager/secret:Secret", "secret", {"name": "lives", "recoveryWindowInDays": 0, **_TAGS},
         {"description": "two", **_CHANGED_TAGS}),
    Life("aws:secretsmanager/secretVersion:SecretVersion", "version",
         {"secretId": "$secret", "secretString": "kept"}),
    Life("aws:sns/topic:Topic", "topic", {"name": "lives", **_TAGS}, {"displayName": "two", **_CHANGED_TAGS}),
    Life("aws:cloudwatch/eventRule:EventRule", "rule",
         {"name": "lives", "scheduleExpression": "rate(1 day)", **_TAGS},
         {"description": "two", **_CHANGED_TAGS}),
    Life("aws:cloudwatch/eventTarget:EventTarget", "target", {"rule": "lives", "arn": "$topic"},
         {"input": "{}"}),
    Life("aws:ec2/subnet:Subnet", "other",
         {"vpcId": "$vpc", "cidrBlock": "10.50.2.0/24", "availabilityZone": f"{REGION}b"}, {}),
    Life("aws:rds/subnetGroup:SubnetGroup", "subnets",
         {"name": "lives", "subnetIds": ["$subnet", "$other"], **_TAGS},
         {"description": "two", **_CHANGED_TAGS}),
    Life("aws:rds/clusterParameterGroup:ClusterParameterGroup", "parameters",
         {"name": "lives", "family": "aurora-postgresql17", **_TAGS,
          "parameters": [{"name": "rds.force_ssl", "value": "1"}]},
         {"parameters": [], **_CHANGED_TAGS}),
    Life("aws:rds/cluster:Cluster", "cluster",
         {"clusterIdentifier": "lives", "engine": "aurora-postgresql", "masterUsername": "owner",
          "manageMasterUserPassword": True, "skipFinalSnapshot": True, "dbSubnetGroupName": "$subnets",
          **_TAGS}, {"backupRetentionPeriod": 7, "applyImmediately": True, **_CHANGED_TAGS}),
    Life("aws:rds/clusterInstance:ClusterInstance", "instance",
         {"identifier": "lives", "clusterIdentifier": "lives", "engine": "aurora-postgresql",
          "instanceClass": "db.r6g.large", **_TAGS},
         {"promotionTier": 1, "applyImmediately": True, **_CHANGED_TAGS}),
)  # fmt: skip
"""In the order of their creation."""


def observed(caller: Caller) -> dict[str, dict[str, frozenset[str]]]:
    """Live all lives, side by side; type → slot → operations called, as the provider's server would."""
    session = Recorder(REGION, caller=caller)
    call = Call(session, REGION)
    ids: dict[str, str] = {}
    states: dict[str, Data] = {}
    result: dict[str, dict[str, frozenset[str]]] = {life.token: {} for life in LIVES}
    for life in LIVES:
        type_ = TYPES[life.token]
        inputs = _inputs(type_, life, life.inputs, ids)
        with session.hearing() as heard:
            ids[life.name] = id = type_.create(call, inputs)
            type_.settle(call, id, inputs)
            states[life.name] = {**inputs, **(type_.read(call, id, inputs) or {})}
        result[life.token]["create"] = frozenset(heard)
    for life in LIVES:
        type_, id, state = TYPES[life.token], ids[life.name], states[life.name]
        with session.hearing() as heard:
            assert type_.read(call, id, state) is not None, life.token
        result[life.token]["read"] = frozenset(heard)
        if life.changed:
            new = _inputs(type_, life, {**life.inputs, **life.changed}, ids)
            with session.hearing() as heard:
                type_.update(call, id, state, new)
                states[life.name] = {**new, **(type_.read(call, id, new) or {})}
            result[life.token]["update"] = frozenset(heard)
    for life in reversed(LIVES):
        with session.hearing() as heard:
            TYPES[life.token].delete(call, ids[life.name], states[life.name])
        result[life.token]["delete"] = frozenset(heard)
    return result


def _inputs(type_: ResourceType, life: Life, given: Mapping[str, Any], ids: Mapping[str, str]) -> Data:
    inputs, failures = check(type_.schema, life.name, b"seed", _resolved(dict(given), ids), {})
    assert failures == [], life.token
    return inputs


def _resolved(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, ids) for item in value]
    return ids[value[1:]] if isinstance(value, str) and value.startswith("$") else value
