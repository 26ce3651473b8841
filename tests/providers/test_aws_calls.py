"""The API calls of the provider are the original's, in each slot of each type: no more, and not others.

Where the table comes from: each call stands in the same slot (or in its slots for tags) of a call-graph
analysis of terraform-provider-aws v6.60.0, which the classic Pulumi provider bridges, as distilled by
awslabs/iam-policy-autopilot (Apache-2.0). What that analysis does not know is in `_NOT_ANALYSED`, with a
reason. Create and update end with a read, in the original and here.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from aws_lives import LIVES, SLOTS, observed
from local_callers import Caller

from prodfirst.providers.aws.types import TYPES

Slots = Mapping[str, frozenset[str]]


def _calls(service: str, *, create: str, read: str, update: str | None, delete: str) -> Slots:
    """Names of operations of one service; `update` is None where nothing can be changed in place."""
    named = {"create": f"{create} {read}", "read": read, "delete": delete}
    if update is not None:
        named["update"] = f"{update} {read}"
    return {slot: frozenset(f"{service}:{name}" for name in text.split()) for slot, text in named.items()}


CALLS: Mapping[str, Slots] = {
    "aws:ec2/vpc:Vpc": _calls(
        "ec2",
        create="CreateVpc ModifyVpcAttribute",
        read="DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeRouteTables "
        "DescribeSecurityGroups",
        update="CreateTags ModifyVpcAttribute",
        delete="DeleteVpc",
    ),
    "aws:ec2/subnet:Subnet": _calls(
        "ec2",
        create="CreateSubnet",
        read="DescribeSubnets",
        update="DeleteTags ModifySubnetAttribute",
        delete="DeleteSubnet",
    ),
    "aws:ec2/internetGateway:InternetGateway": _calls(
        "ec2",
        create="AttachInternetGateway CreateInternetGateway",
        read="DescribeInternetGateways",
        update="CreateTags",
        delete="DeleteInternetGateway DetachInternetGateway",
    ),
    "aws:ec2/routeTable:RouteTable": _calls(
        "ec2",
        create="CreateRouteTable",
        read="DescribeRouteTables",
        update="CreateTags",
        delete="DeleteRouteTable",
    ),
    "aws:ec2/route:Route": _calls(
        "ec2", create="CreateRoute", read="DescribeRouteTables", update=None, delete="DeleteRoute"
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _calls(
        "ec2",
        create="AssociateRouteTable",
        read="DescribeRouteTables",
        update=None,
        delete="DisassociateRouteTable",
    ),
    "aws:ec2/securityGroup:SecurityGroup": _calls(
        "ec2",
        create="CreateSecurityGroup RevokeSecurityGroupEgress",
        read="DescribeSecurityGroups",
        update="CreateTags",
        delete="DeleteSecurityGroup DescribeSecurityGroups",
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _calls(
        "ec2",
        create="CreateTags RevokeSecurityGroupEgress",
        read="DescribeSecurityGroups",
        update="CreateTags",
        delete="",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _calls(
        "ec2",
        create="AuthorizeSecurityGroupIngress",
        read="DescribeSecurityGroupRules",
        update="CreateTags ModifySecurityGroupRules",
        delete="RevokeSecurityGroupIngress",
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _calls(
        "ec2",
        create="AuthorizeSecurityGroupEgress",
        read="DescribeSecurityGroupRules",
        update="CreateTags ModifySecurityGroupRules",
        delete="RevokeSecurityGroupEgress",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _calls(
        "ec2",
        create="CreateVpcEndpoint",
        read="DescribeVpcEndpoints",
        update="CreateTags ModifyVpcEndpoint",
        delete="DeleteVpcEndpoints DescribeVpcEndpoints",
    ),
    "aws:s3/bucket:Bucket": _calls(
        "s3",
        create="CreateBucket PutBucketTagging",
        read="GetBucketTagging HeadBucket",
        update="DeleteBucketTagging",
        delete="DeleteBucket ListObjectVersions",
    ),
    "aws:ec2/flowLog:FlowLog": _calls(
        "ec2", create="CreateFlowLogs", read="DescribeFlowLogs", update="CreateTags", delete="DeleteFlowLogs"
    ),
    "aws:kms/key:Key": _calls(
        "kms",
        create="CreateKey DisableKey EnableKeyRotation",
        read="DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
        update="DisableKeyRotation EnableKey TagResource UpdateKeyDescription",
        delete="ScheduleKeyDeletion",
    ),
    "aws:kms/alias:Alias": _calls(
        "kms", create="CreateAlias", read="ListAliases", update=None, delete="DeleteAlias"
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _calls(
        "s3",
        create="PutPublicAccessBlock",
        read="GetPublicAccessBlock",
        update="PutPublicAccessBlock",
        delete="DeletePublicAccessBlock",
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _calls(
        "s3", create="PutBucketPolicy", read="GetBucketPolicy", update=None, delete="DeleteBucketPolicy"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _calls(
        "s3",
        create="PutBucketVersioning",
        read="GetBucketVersioning",
        update="PutBucketVersioning",
        delete="PutBucketVersioning",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _calls(
        "s3",
        create="PutBucketEncryption",
        read="GetBucketEncryption",
        update=None,
        delete="DeleteBucketEncryption",
    ),
    "aws:s3/bucketLogging:BucketLogging": _calls(
        "s3",
        create="PutBucketLogging",
        read="GetBucketLogging",
        update="PutBucketLogging",
        delete="PutBucketLogging",
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _calls(
        "s3",
        create="PutBucketOwnershipControls",
        read="GetBucketOwnershipControls",
        update="PutBucketOwnershipControls",
        delete="DeleteBucketOwnershipControls",
    ),
    "aws:ssm/parameter:Parameter": _calls(
        "ssm",
        create="PutParameter",
        read="DescribeParameters GetParameter ListTagsForResource",
        update="AddTagsToResource PutParameter",
        delete="DeleteParameter",
    ),
    "aws:cloudwatch/logGroup:LogGroup": _calls(
        "logs",
        create="CreateLogGroup PutRetentionPolicy",
        read="DescribeLogGroups ListTagsForResource",
        update="PutRetentionPolicy TagResource",
        delete="DeleteLogGroup",
    ),
    "aws:iam/role:Role": _calls(
        "iam",
        create="CreateRole",
        read="GetRole",
        update="TagRole UpdateRole UpdateRoleDescription",
        delete="DeleteRole ListInstanceProfilesForRole",
    ),
    "aws:iam/rolePolicy:RolePolicy": _calls(
        "iam", create="PutRolePolicy", read="GetRolePolicy", update="PutRolePolicy", delete="DeleteRolePolicy"
    ),
    "aws:iam/policy:Policy": _calls(
        "iam",
        create="CreatePolicy",
        read="GetPolicy GetPolicyVersion",
        update="CreatePolicyVersion ListPolicyVersions TagPolicy",
        delete="DeletePolicy DeletePolicyVersion ListPolicyVersions",
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _calls(
        "iam",
        create="AttachRolePolicy",
        read="ListAttachedRolePolicies",
        update=None,
        delete="DetachRolePolicy",
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _calls(
        "iam",
        create="CreateOpenIDConnectProvider",
        read="GetOpenIDConnectProvider",
        update="AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider "
        "TagOpenIDConnectProvider",
        delete="DeleteOpenIDConnectProvider",
    ),
    "aws:secretsmanager/secret:Secret": _calls(
        "secretsmanager",
        create="CreateSecret",
        read="DescribeSecret GetResourcePolicy",
        update="TagResource UpdateSecret",
        delete="DeleteSecret DescribeSecret",
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": _calls(
        "secretsmanager", create="PutSecretValue", read="GetSecretValue", update=None, delete=""
    ),
    "aws:sns/topic:Topic": _calls(
        "sns",
        create="CreateTopic",
        read="GetTopicAttributes ListTagsForResource",
        update="SetTopicAttributes TagResource",
        delete="DeleteTopic",
    ),
    "aws:cloudwatch/eventRule:EventRule": _calls(
        "events",
        create="PutRule",
        read="DescribeRule ListTagsForResource",
        update="PutRule TagResource",
        delete="DeleteRule",
    ),
    "aws:cloudwatch/eventTarget:EventTarget": _calls(
        "events", create="PutTargets", read="ListTargetsByRule", update="PutTargets", delete="RemoveTargets"
    ),
    "aws:rds/subnetGroup:SubnetGroup": _calls(
        "rds",
        create="CreateDBSubnetGroup",
        read="DescribeDBSubnetGroups ListTagsForResource",
        update="AddTagsToResource ModifyDBSubnetGroup",
        delete="DeleteDBSubnetGroup DescribeDBSubnetGroups",
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": _calls(
        "rds",
        create="CreateDBClusterParameterGroup ModifyDBClusterParameterGroup",
        read="DescribeDBClusterParameterGroups DescribeDBClusterParameters ListTagsForResource",
        update="AddTagsToResource ResetDBClusterParameterGroup",
        delete="DeleteDBClusterParameterGroup",
    ),
    "aws:rds/cluster:Cluster": _calls(
        "rds",
        create="CreateDBCluster",
        read="DescribeDBClusters ListTagsForResource",
        update="AddTagsToResource ModifyDBCluster",
        delete="DeleteDBCluster DescribeDBClusters",
    ),
    "aws:rds/clusterInstance:ClusterInstance": _calls(
        "rds",
        create="CreateDBInstance",
        read="DescribeDBClusters DescribeDBInstances ListTagsForResource",
        update="AddTagsToResource ModifyDBInstance",
        delete="DeleteDBInstance DescribeDBInstances",
    ),
}

_NOT_ANALYSED = {
    "sts:GetCallerIdentity": "the original asks it once for the provider, when it is configured",
    "aws:ec2/route:Route": "the analysis has no read of it; the original finds routes in their table",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "built on another framework, not analysed",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "built on another framework, not analysed",
    "aws:s3/bucketLogging:BucketLogging": "not in the analysis",
}
"""Calls and types of which the analysis says nothing, and why they stand here."""
_OF_THE_PROVIDER = frozenset({"sts:GetCallerIdentity"})


@pytest.fixture(scope="module")
def made(administrator: Caller) -> Mapping[str, Slots]:
    """What was called, by type and slot, against the local AWS."""
    return observed(administrator)


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("token", CALLS)
def test_the_calls_are_those_of_the_original(made: Mapping[str, Slots], token: str, slot: str) -> None:
    assert made[token].get(slot, frozenset()) - _OF_THE_PROVIDER == CALLS[token].get(slot, frozenset())


def test_what_is_expected_is_lived_and_what_is_an_exception_exists() -> None:
    assert {life.token for life in LIVES} == set(CALLS) <= set(TYPES)
    assert set(_NOT_ANALYSED) <= set(CALLS) | _OF_THE_PROVIDER


def test_every_delete_of_a_type_calls_something_of_its_own() -> None:
    """But for what goes with its VPC, and for the current version, which goes with its secret."""
    silent = {token for token, slots in CALLS.items() if not slots["delete"]}
    assert silent == {
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:secretsmanager/secretVersion:SecretVersion",
    }
