"""What functions that a program asks a provider need: both identities run the program, so both need it.

Source: the source of terraform-provider-aws 6, data sources of the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FUNCTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "aws:ec2/getSubnet:getSubnet": ("ec2:DescribeSubnets",),
        "aws:ec2/getSubnets:getSubnets": ("ec2:DescribeSubnets",),
        "aws:ec2/getVpc:getVpc": ("ec2:DescribeVpcs", "ec2:DescribeRouteTables"),
        # computed by the provider, or open to everybody (sts:GetCallerIdentity)
        "aws:iam/getPolicyDocument:getPolicyDocument": (),
        "aws:index/getArn:getArn": (),
        "aws:index/getCallerIdentity:getCallerIdentity": (),
        "aws:index/getPartition:getPartition": (),
        "aws:index/getRegion:getRegion": (),
        "aws:index/getAvailabilityZones:getAvailabilityZones": ("ec2:DescribeAvailabilityZones",),
    }
)
"""Token → actions; all of these take no resource."""
