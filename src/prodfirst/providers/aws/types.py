"""Every type that the provider knows. One more type is one more class in this list."""

from __future__ import annotations

from collections.abc import Mapping

from prodfirst.providers.aws import access, iam, kms, network, rds, rds_cluster, rds_instance, s3, ssm
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
    iam.RolePolicyAttachment,
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
    rds.SubnetGroup,
    rds.ClusterParameterGroup,
    rds_cluster.Cluster,
    rds_instance.ClusterInstance,
)

TYPES: Mapping[str, ResourceType] = {item.token: item() for item in _CLASSES}
"""Token → type."""
