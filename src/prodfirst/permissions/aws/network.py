"""The network in EC2: ids are generated, so everything is scoped by tags."""

from __future__ import annotations

from prodfirst.permissions.aws.ec2_rules import DESCRIBE, INTERFACES, retagging, tagged_at_creation
from prodfirst.permissions.aws.entry import READING, Entry, calls, given, omitted, rule
from prodfirst.permissions.aws.scope import fresh, own, referred

_IPAM = "only for address ranges from IPAM, which the estate does not use"

VPC = Entry(
    "aws:ec2/vpc:Vpc",
    "aws_vpc",
    "ec2",
    calls(
        create="CreateVpc DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups DescribeVpcAttribute"
        " DescribeVpcs ModifyVpcAttribute",
        read="DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups DescribeVpcAttribute"
        " DescribeVpcs",
        update="AssociateVpcCidrBlock DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups"
        " DescribeVpcAttribute DescribeVpcs DisassociateVpcCidrBlock ModifyVpcAttribute ModifyVpcTenancy",
        delete="DeleteSecurityGroup DeleteVpc DeleteVpcEndpoints DescribeSecurityGroups DescribeVpcEndpoints"
        " DescribeVpcs GetIpamPoolAllocations",
        tags="DescribeTags",
        retags="CreateTags DeleteTags",
    ),
    (
        DESCRIBE,
        retagging("vpc"),
        rule("CreateVpc", fresh("ec2", "vpc/*")),
        rule("DescribeVpcAttribute", own("ec2", "vpc/*")),
        rule("ModifyVpcAttribute ModifyVpcTenancy DeleteVpc", own("ec2", "vpc/*")),
        rule(
            "AssociateVpcCidrBlock DisassociateVpcCidrBlock",
            own("ec2", "vpc/*"),
            when=given("assignGeneratedIpv6CidrBlock", "ipv6CidrBlock", "ipv6IpamPoolId"),
        ),
    ),
    (tagged_at_creation("vpc", "CreateVpc"),),
    omitted(
        {
            "DeleteSecurityGroup DeleteVpcEndpoints": "only for what GuardDuty made in the VPC, which is no "
            "stack's; deleting other owners' groups and endpoints is not this stack's to do",
            "GetIpamPoolAllocations": _IPAM,
        }
    ),
)

SUBNET = Entry(
    "aws:ec2/subnet:Subnet",
    "aws_subnet",
    "ec2",
    calls(
        create="AssociateSubnetCidrBlock CreateSubnet DescribeSubnets DisassociateSubnetCidrBlock"
        " ModifySubnetAttribute",
        read="DescribeSubnets",
        update="AssociateSubnetCidrBlock DescribeSubnets DisassociateSubnetCidrBlock ModifySubnetAttribute",
        delete="DeleteNetworkInterface DeleteSubnet DescribeNetworkInterfaces DescribeVpcEndpoints"
        " DescribeVpcs DetachNetworkInterface GetIpamPoolAllocations ModifyVpcEndpoint",
        tags="DescribeTags",
        retags="CreateTags DeleteTags",
    ),
    (
        DESCRIBE,
        retagging("subnet"),
        rule("CreateSubnet", fresh("ec2", "subnet/*"), referred("ec2", "vpc/*", "vpcId")),
        rule("ModifySubnetAttribute DeleteSubnet", own("ec2", "subnet/*")),
        rule(
            "AssociateSubnetCidrBlock DisassociateSubnetCidrBlock",
            own("ec2", "subnet/*"),
            when=given("ipv6CidrBlock", "ipv6Native"),
        ),
    ),
    (tagged_at_creation("subnet", "CreateSubnet"),),
    omitted(
        {
            "DeleteNetworkInterface DetachNetworkInterface": INTERFACES,
            "GetIpamPoolAllocations": _IPAM,
            "ModifyVpcEndpoint": "only to take the subnet out of an endpoint that GuardDuty made",
        }
    ),
)

INTERNET_GATEWAY = Entry(
    "aws:ec2/internetGateway:InternetGateway",
    "aws_internet_gateway",
    "ec2",
    calls(
        create="AttachInternetGateway CreateInternetGateway DescribeInternetGateways",
        read="DescribeInternetGateways",
        update="AttachInternetGateway DescribeInternetGateways DetachInternetGateway",
        delete="DeleteInternetGateway DescribeInternetGateways DetachInternetGateway",
        tags="DescribeTags",
        retags="CreateTags DeleteTags",
    ),
    (
        DESCRIBE,
        retagging("internet-gateway"),
        rule("CreateInternetGateway", fresh("ec2", "internet-gateway/*")),
        rule("DeleteInternetGateway", own("ec2", "internet-gateway/*")),
        rule(
            "AttachInternetGateway DetachInternetGateway",
            own("ec2", "internet-gateway/*"),
            referred("ec2", "vpc/*", "vpcId"),
        ),
    ),
    (tagged_at_creation("internet-gateway", "CreateInternetGateway"),),
)

ROUTE_TABLE = Entry(
    "aws:ec2/routeTable:RouteTable",
    "aws_route_table",
    "ec2",
    calls(
        create="CreateRoute CreateRouteTable DescribeNetworkInterfaces DescribeRouteTables"
        " EnableVgwRoutePropagation",
        read="DescribeNetworkInterfaces DescribeRouteTables",
        update="CreateRoute DeleteRoute DescribeNetworkInterfaces DescribeRouteTables"
        " DisableVgwRoutePropagation EnableVgwRoutePropagation ReplaceRoute",
        delete="DeleteRouteTable DescribeRouteTables DisassociateRouteTable",
        tags="DescribeTags",
        retags="CreateTags DeleteTags",
    ),
    (
        DESCRIBE,
        retagging("route-table"),
        rule("CreateRouteTable", fresh("ec2", "route-table/*"), referred("ec2", "vpc/*", "vpcId")),
        rule("DeleteRouteTable", own("ec2", "route-table/*")),
        rule("DisassociateRouteTable", own("ec2", "route-table/*"), own("ec2", "subnet/*")),
        rule("CreateRoute DeleteRoute ReplaceRoute", own("ec2", "route-table/*"), when=given("routes")),
        rule(
            "EnableVgwRoutePropagation DisableVgwRoutePropagation",
            own("ec2", "route-table/*"),
            own("ec2", "vpn-gateway/*"),
            when=given("propagatingVgws"),
        ),
    ),
    (tagged_at_creation("route-table", "CreateRouteTable"),),
)

ROUTE = Entry(
    "aws:ec2/route:Route",
    "aws_route",
    "ec2",
    calls(
        create="CreateRoute DescribeRouteTables",
        read="DescribeRouteTables",
        update="ReplaceRoute",
        delete="DeleteRoute",
    ),
    (
        DESCRIBE,
        rule("CreateRoute ReplaceRoute DeleteRoute", referred("ec2", "route-table/*", "routeTableId")),
    ),
    provenance=READING,
)

ROUTE_TABLE_ASSOCIATION = Entry(
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws_route_table_association",
    "ec2",
    calls(
        create="AssociateRouteTable DescribeRouteTables",
        read="DescribeRouteTables",
        update="AssociateRouteTable DescribeRouteTables ReplaceRouteTableAssociation",
        delete="DescribeRouteTables DisassociateRouteTable",
    ),
    (
        DESCRIBE,
        rule(
            "AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation",
            referred("ec2", "route-table/*", "routeTableId"),
            referred("ec2", "subnet/*", "subnetId"),
            referred("ec2", "internet-gateway/*", "gatewayId"),
        ),
    ),
)

ENTRIES = (VPC, SUBNET, INTERNET_GATEWAY, ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION)
