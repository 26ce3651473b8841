"""Every type that the provider knows. One more type is one more class in this list."""

from __future__ import annotations

from collections.abc import Mapping

from prodfirst.providers.aws import (
    access,
    eks,
    eks_access,
    eks_nodes,
    events,
    iam,
    kms,
    logs,
    network,
    rds,
    rds_cluster,
    rds_instance,
    s3,
    secrets,
    sns,
    ssm,
)
from prodfirst.providers.aws.resource import ResourceType

_CLASSES: tuple[type[ResourceType], ...] = (
    network.Vpc,
    network.Subnet,
    network.InternetGateway,
    network.RouteTable,
    network.Route,
    network.RouteTableAssociation,
    access.SecurityGroup,
    access.DefaultSecurityGroup,
    access.SecurityGroupIngressRule,
    access.SecurityGroupEgressRule,
    access.VpcEndpoint,
    access.FlowLog,
    iam.Role,
    iam.Policy,
    iam.RolePolicy,
    iam.RolePolicyAttachment,
    iam.OpenIdConnectProvider,
    kms.Key,
    kms.Alias,
    s3.Bucket,
    s3.BucketPublicAccessBlock,
    s3.BucketPolicy,
    s3.BucketVersioning,
    s3.BucketServerSideEncryptionConfiguration,
    s3.BucketLogging,
    s3.BucketOwnershipControls,
    ssm.Parameter,
    secrets.Secret,
    secrets.SecretVersion,
    events.EventRule,
    events.EventTarget,
    sns.Topic,
    sns.TopicPolicy,
    logs.LogGroup,
    eks.Cluster,
    eks_access.AccessEntry,
    eks_access.AccessPolicyAssociation,
    eks_access.PodIdentityAssociation,
    eks_nodes.NodeGroup,
    eks_nodes.Addon,
    rds.SubnetGroup,
    rds.ClusterParameterGroup,
    rds_cluster.Cluster,
    rds_instance.ClusterInstance,
)

TYPES: Mapping[str, ResourceType] = {item.token: item() for item in _CLASSES}
"""Token → type."""
