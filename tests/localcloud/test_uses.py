"""Which actions on which resources a call stands for: one line a call."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from prodfirst.localcloud.aws.authorization import uses
from prodfirst.localcloud.aws.authorization.calls import Call, Key, Tags, Use

_R, _A = "eu-central-1", "111122223333"
_EC2 = f"arn:aws:ec2:{_R}:{_A}"
_IAM = f"arn:aws:iam::{_A}"
_KEY = f"arn:aws:kms:{_R}:{_A}:key/0a1b2c3d-0000-0000-0000-000000000000"
_ME = f"{_IAM}:user/me"


@dataclass
class Known:
    """A state with a role `/estate/worker`, a key behind `alias/own`, a secret, a parameter, an entry."""

    keys: Mapping[str, Key] = field(
        default_factory=lambda: {name: Key(_KEY, ("alias/own",)) for name in (_KEY, _KEY[-36:], "alias/own")}
    )

    def tags(self, arn: str) -> Tags:
        return {"a": "1"} if arn.endswith("/tagged") else {}

    def identity(self, kind: str, name: str) -> str | None:
        return f"{_IAM}:{kind}/estate/{name}" if name == "worker" else None

    def boundary(self, arn: str) -> str | None:
        return f"{_IAM}:policy/limit" if arn.endswith("worker") else None

    def profile_roles(self, name: str) -> tuple[str, ...]:
        return (f"{_IAM}:role/estate/worker",)

    def key(self, region: str, reference: str) -> Key | None:
        return self.keys.get(reference)

    def secret(self, region: str, reference: str) -> tuple[str, str] | None:
        arn = f"arn:aws:secretsmanager:{_R}:{_A}:secret:{reference}-AbCdEf"
        return (arn, "alias/own") if reference == "own" else None

    def parameter_key(self, region: str, name: str) -> str:
        return "alias/own" if name == "/a/secret" else ""

    def eks(self, region: str, kind: str, cluster: str, name: str) -> str | None:
        return f"arn:aws:eks:{_R}:{_A}:{kind}/{cluster}/{name}/uuid" if name == "n" else None

    def access_entry(self, region: str, held: str) -> str:
        return held.replace("/uuid", "/role/n/uuid")

    def associated(self, region: str, association: str) -> tuple[str, ...]:
        return ("rtb-00000001", "subnet-00000001")


def _uses(service: str, operation: str, input: Mapping[str, Any]) -> tuple[Use, ...]:
    return uses.of(Call(service, operation, input, _R, _A, _ME, Known()))


_TAGGED = [{"ResourceType": "subnet", "Tags": [{"Key": "team", "Value": "a"}]}]
CALLS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("ec2:DescribeVpcs", {"VpcIds": ["vpc-00000001"]}, ["ec2:DescribeVpcs *"]),
    ("ec2:CreateSubnet", {"VpcId": "vpc-00000001", "TagSpecifications": _TAGGED},
     [f"ec2:CreateSubnet {_EC2}:subnet/*", f"ec2:CreateSubnet {_EC2}:vpc/vpc-00000001",
      f"ec2:CreateTags {_EC2}:subnet/*"]),
    ("ec2:DeleteSubnet", {"SubnetId": "subnet-00000001"},
     [f"ec2:DeleteSubnet {_EC2}:subnet/subnet-00000001"]),
    ("ec2:DeleteRoute", {"RouteTableId": "rtb-00000001", "DestinationCidrBlock": "0.0.0.0/0"},
     [f"ec2:DeleteRoute {_EC2}:route-table/rtb-00000001"]),
    ("ec2:DisassociateRouteTable", {"AssociationId": "rtbassoc-1"},
     [f"ec2:DisassociateRouteTable {_EC2}:route-table/rtb-00000001",
      f"ec2:DisassociateRouteTable {_EC2}:subnet/subnet-00000001"]),
    ("ec2:DeleteTags", {"Resources": ["vpc-00000001", "igw-00000001"], "Tags": [{"Key": "a"}]},
     [f"ec2:DeleteTags {_EC2}:vpc/vpc-00000001", f"ec2:DeleteTags {_EC2}:internet-gateway/igw-00000001"]),
    ("ec2:CreateFlowLogs",
     {"ResourceIds": ["vpc-00000001"], "DeliverLogsPermissionArn": f"{_IAM}:role/estate/worker"},
     [f"ec2:CreateFlowLogs {_EC2}:vpc/vpc-00000001", f"ec2:CreateFlowLogs {_EC2}:vpc-flow-log/*",
      f"iam:PassRole {_IAM}:role/estate/worker"]),
    ("iam:DeleteRole", {"RoleName": "worker"}, [f"iam:DeleteRole {_IAM}:role/estate/worker"]),
    ("iam:CreateRole", {"RoleName": "new", "Path": "/p/"}, [f"iam:CreateRole {_IAM}:role/p/new"]),
    ("iam:AttachRolePolicy", {"RoleName": "worker", "PolicyArn": f"{_IAM}:policy/p"},
     [f"iam:AttachRolePolicy {_IAM}:role/estate/worker"]),
    ("iam:GetUser", {}, [f"iam:GetUser {_ME}"]),
    ("iam:ListRoles", {}, ["iam:ListRoles *"]),
    ("kms:Encrypt", {"KeyId": "alias/own"}, [f"kms:Encrypt {_KEY}"]),
    ("kms:Decrypt", {"CiphertextBlob": base64.b64encode(_KEY[-36:].encode() + b"x" * 60).decode()},
     [f"kms:Decrypt {_KEY}"]),
    ("kms:CreateKey", {}, ["kms:CreateKey *"]),
    ("kms:UpdateAlias", {"AliasName": "alias/own", "TargetKeyId": "other"},
     [f"kms:UpdateAlias arn:aws:kms:{_R}:{_A}:alias/own", f"kms:UpdateAlias {_KEY}",
      f"kms:UpdateAlias arn:aws:kms:{_R}:{_A}:key/other"]),
    ("s3:HeadBucket", {"Bucket": "b"}, ["s3:ListBucket arn:aws:s3:::b"]),
    ("s3:ListObjectsV2", {"Bucket": "b", "Prefix": "x"}, ["s3:ListBucket arn:aws:s3:::b"]),
    ("s3:ListBuckets", {}, ["s3:ListAllMyBuckets *"]),
    ("s3:DeleteObject", {"Bucket": "b", "Key": "k", "VersionId": "1"},
     ["s3:DeleteObjectVersion arn:aws:s3:::b/k"]),
    ("s3:DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "l"}]}},
     ["s3:DeleteObject arn:aws:s3:::b/k", "s3:DeleteObject arn:aws:s3:::b/l"]),
    ("s3:CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "c/d%20e"},
     ["s3:PutObject arn:aws:s3:::b/k", "s3:GetObject arn:aws:s3:::c/d e"]),
    ("s3:CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "c/tagged"},
     ["s3:PutObject arn:aws:s3:::b/k", "s3:GetObject arn:aws:s3:::c/tagged",
      "s3:GetObjectTagging arn:aws:s3:::c/tagged", "s3:PutObjectTagging arn:aws:s3:::b/k"]),
    ("s3:DeleteBucketLifecycle", {"Bucket": "b"}, ["s3:PutLifecycleConfiguration arn:aws:s3:::b"]),
    ("ssm:GetParameter", {"Name": "/a/b:3"}, [f"ssm:GetParameter arn:aws:ssm:{_R}:{_A}:parameter/a/b"]),
    ("ssm:GetParameter", {"Name": "/a/secret", "WithDecryption": True},
     [f"ssm:GetParameter arn:aws:ssm:{_R}:{_A}:parameter/a/secret", f"kms:Decrypt {_KEY}"]),
    ("ssm:GetParametersByPath", {"Path": "/a/"},
     [f"ssm:GetParametersByPath arn:aws:ssm:{_R}:{_A}:parameter/a"]),
    ("secretsmanager:GetSecretValue", {"SecretId": "own"},
     [f"secretsmanager:GetSecretValue arn:aws:secretsmanager:{_R}:{_A}:secret:own-AbCdEf",
      f"kms:Decrypt {_KEY}"]),
    ("logs:PutRetentionPolicy", {"logGroupName": "/a"},
     [f"logs:PutRetentionPolicy arn:aws:logs:{_R}:{_A}:log-group:/a:log-stream:"]),
    ("logs:ListTagsForResource", {"resourceArn": f"arn:aws:logs:{_R}:{_A}:log-group:/a"},
     [f"logs:ListTagsForResource arn:aws:logs:{_R}:{_A}:log-group:/a"]),
    ("rds:DeleteDBCluster", {"DBClusterIdentifier": "Own"},
     [f"rds:DeleteDBCluster arn:aws:rds:{_R}:{_A}:cluster:own"]),
    ("eks:CreateCluster", {"name": "c", "roleArn": f"{_IAM}:role/estate/worker"},
     ["eks:CreateCluster *", f"iam:PassRole {_IAM}:role/estate/worker"]),
    ("eks:DescribeNodegroup", {"clusterName": "c", "nodegroupName": "n"},
     [f"eks:DescribeNodegroup arn:aws:eks:{_R}:{_A}:nodegroup/c/n/uuid"]),
    ("eks:DescribeAddon", {"clusterName": "c", "addonName": "gone"},
     [f"eks:DescribeAddon arn:aws:eks:{_R}:{_A}:addon/c/gone/*"]),
    ("eks:DescribeAccessEntry", {"clusterName": "c", "principalArn": f"{_IAM}:role/estate/gone"},
     [f"eks:DescribeAccessEntry arn:aws:eks:{_R}:{_A}:access-entry/c/role/{_A}/gone/*"]),
    ("eks:DescribePodIdentityAssociation", {"clusterName": "c", "associationId": "a-gone"},
     [f"eks:DescribePodIdentityAssociation arn:aws:eks:{_R}:{_A}:podidentityassociation/c/a-gone"]),
    ("sns:Unsubscribe", {"SubscriptionArn": f"arn:aws:sns:{_R}:{_A}:t:1"},
     ["sns:Unsubscribe *"]),
    ("sns:Publish", {"TopicArn": f"arn:aws:sns:{_R}:{_A}:t"}, [f"sns:Publish arn:aws:sns:{_R}:{_A}:t"]),
    ("events:PutRule", {"Name": "r", "EventBusName": "own"},
     [f"events:PutRule arn:aws:events:{_R}:{_A}:rule/own/r"]),
    ("sts:AssumeRole", {"RoleArn": f"{_IAM}:role/r", "Tags": [{"Key": "a", "Value": "b"}]},
     [f"sts:AssumeRole {_IAM}:role/r", f"sts:TagSession {_IAM}:role/r"]),
]  # fmt: skip


@pytest.mark.parametrize(("called", "input", "expected"), CALLS, ids=[call[0] for call in CALLS])
def test_a_call_is_these_actions_on_these_resources(
    called: str, input: dict[str, Any], expected: list[str]
) -> None:
    service, _, operation = called.partition(":")
    assert sorted(f"{use.action} {use.resource}" for use in _uses(service, operation, input)) == sorted(
        expected
    )


def test_tags_of_the_request_stand_where_aws_has_them() -> None:
    made, parent, tags = _uses("ec2", "CreateSubnet", {"VpcId": "vpc-00000001", "TagSpecifications": _TAGGED})
    assert made.resource.endswith("subnet/*")
    assert made.keys == {"aws:RequestTag/team": "a", "aws:TagKeys": ("team",)}
    assert parent.keys == {}
    assert tags.keys == {**made.keys, "ec2:CreateAction": "CreateSubnet"}


def test_a_role_is_passed_to_a_service() -> None:
    (_, passed) = _uses("eks", "CreateCluster", {"name": "c", "roleArn": f"{_IAM}:role/estate/worker"})
    assert passed.keys == {"iam:PassedToService": "eks.amazonaws.com"}


@pytest.mark.parametrize(
    ("operation", "input", "boundary"),
    [
        ("CreateRole", {"RoleName": "new", "PermissionsBoundary": "mine"}, "mine"),
        ("CreateRole", {"RoleName": "new"}, None),
        ("PutRolePolicy", {"RoleName": "worker"}, f"{_IAM}:policy/limit"),
        ("DeleteRolePermissionsBoundary", {"RoleName": "worker"}, f"{_IAM}:policy/limit"),
        ("UpdateAssumeRolePolicy", {"RoleName": "worker"}, None),
    ],
)
def test_the_boundary_that_a_call_gives_or_works_under(
    operation: str, input: dict[str, Any], boundary: str | None
) -> None:
    (use,) = _uses("iam", operation, input)
    assert use.keys.get("iam:PermissionsBoundary") == boundary


def test_how_a_key_was_named_is_known() -> None:
    (use,) = _uses("kms", "Encrypt", {"KeyId": "alias/own", "EncryptionContext": {"project": "p"}})
    assert use.keys["kms:RequestAlias"] == "alias/own"
    assert use.keys["kms:EncryptionContext:project"] == "p"
    (by_id,) = _uses("kms", "Encrypt", {"KeyId": _KEY})
    assert "kms:RequestAlias" not in by_id.keys
