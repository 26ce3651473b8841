"""Access in EC2: groups, rules, endpoints, flow logs; ids are generated, so all is scoped by tags."""

from __future__ import annotations

from prodfirst.permissions.aws.ec2_rules import DESCRIBE, INTERFACES, retagging, tagged_at_creation
from prodfirst.permissions.aws.entry import READING, REFERENCE, Entry, calls, given, needs, omitted, rule
from prodfirst.permissions.aws.iam import pass_role
from prodfirst.permissions.aws.scope import anywhere, arn, claimed, fresh, own, referred
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.grants import Slot

_RULE_CALLS = (
    "AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress RevokeSecurityGroupEgress"
    " RevokeSecurityGroupIngress"
)
_ANY_RULE = arn("ec2", lambda _subject: "security-group-rule/*")
"""Rules are decided by their group, which must carry the stack's tags; the rule itself is new or its part."""

SECURITY_GROUP = Entry(
    "aws:ec2/securityGroup:SecurityGroup",
    "aws_security_group",
    "ec2",
    calls(
        create=f"{_RULE_CALLS} CreateSecurityGroup DescribeSecurityGroups",
        read="DescribeSecurityGroups",
        update=f"{_RULE_CALLS} DescribeSecurityGroups",
        delete="DeleteNetworkInterface DeleteSecurityGroup DescribeNetworkInterfaces"
        " DescribeSecurityGroupRules DescribeSecurityGroups DetachNetworkInterface"
        " RevokeSecurityGroupEgress RevokeSecurityGroupIngress",
        tags="DescribeTags",
        retags="CreateTags DeleteTags",
    ),
    (
        DESCRIBE,
        retagging("security-group"),
        rule("CreateSecurityGroup", fresh("ec2", "security-group/*"), referred("ec2", "vpc/*", "vpcId")),
        rule(_RULE_CALLS, own("ec2", "security-group/*"), _ANY_RULE),
        rule("DeleteSecurityGroup", own("ec2", "security-group/*")),
    ),
    (tagged_at_creation("security-group", "CreateSecurityGroup"),),
    omitted({"DeleteNetworkInterface DetachNetworkInterface": INTERFACES}),
)

DEFAULT_SECURITY_GROUP = Entry(
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws_default_security_group",
    "ec2",
    calls(
        create=f"{_RULE_CALLS} CreateTags DeleteTags DescribeSecurityGroupRules DescribeSecurityGroups",
        read="DescribeSecurityGroups",
        update=f"{_RULE_CALLS} DescribeSecurityGroups",
        tags="DescribeTags",
        retags="CreateTags DeleteTags",
    ),
    (
        DESCRIBE,
        retagging("security-group"),
        rule(_RULE_CALLS, own("ec2", "security-group/*"), _ANY_RULE),
    ),
    (
        needs(
            "ec2:CreateTags",
            claimed("ec2", "security-group/*"),
            slots=(Slot.CREATE,),
            why=f"{READING}: AWS makes the group with the VPC; the provider tags it before all else",
        ),
    ),
)


def _rule_entry(direction: str) -> Entry:
    authorize, revoke = f"AuthorizeSecurityGroup{direction}", f"RevokeSecurityGroup{direction}"
    kind = f"securityGroup{direction}Rule"
    return Entry(
        f"aws:vpc/{kind}:{kind[0].upper()}{kind[1:]}",
        f"aws_vpc_security_group_{direction.lower()}_rule",
        "ec2",
        calls(
            create=f"{authorize} DescribeSecurityGroupRules",
            read="DescribeSecurityGroupRules",
            update="ModifySecurityGroupRules",
            delete=revoke,
            tags="DescribeTags",
            retags="CreateTags DeleteTags",
        ),
        (
            DESCRIBE,
            retagging("security-group-rule"),
            rule(authorize, referred("ec2", "security-group/*", "securityGroupId"), _ANY_RULE),
            rule(
                f"{revoke} ModifySecurityGroupRules",
                referred("ec2", "security-group/*", "securityGroupId"),
                own("ec2", "security-group-rule/*"),
            ),
        ),
        (
            needs(
                "ec2:CreateTags",
                claimed("ec2", "security-group-rule/*"),
                slots=(Slot.CREATE,),
                why=f"{READING}: the rule is tagged by a call of its own when it is there",
            ),
        ),
        provenance=READING,
    )


_ENDPOINT_PARTS = (
    referred("ec2", "route-table/*", "routeTableIds"),
    referred("ec2", "subnet/*", "subnetIds"),
    referred("ec2", "security-group/*", "securityGroupIds"),
)

VPC_ENDPOINT = Entry(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws_vpc_endpoint",
    "ec2",
    calls(
        create="AcceptVpcEndpointConnections CreateTags CreateVpcEndpoint DeleteTags"
        " DescribeNetworkInterfaces DescribePrefixLists DescribeVpcEndpointServiceConfigurations"
        " DescribeVpcEndpoints",
        read="DescribeNetworkInterfaces DescribePrefixLists DescribeVpcEndpoints",
        update="AcceptVpcEndpointConnections DescribeNetworkInterfaces DescribePrefixLists"
        " DescribeVpcEndpointServiceConfigurations DescribeVpcEndpoints ModifyVpcEndpoint",
        delete="DeleteVpcEndpoints DescribeVpcEndpoints",
        tags="DescribeTags",
        retags="CreateTags DeleteTags",
    ),
    (
        DESCRIBE,
        retagging("vpc-endpoint"),
        rule(
            "CreateVpcEndpoint",
            fresh("ec2", "vpc-endpoint/*"),
            referred("ec2", "vpc/*", "vpcId"),
            *_ENDPOINT_PARTS,
        ),
        rule("ModifyVpcEndpoint", own("ec2", "vpc-endpoint/*"), *_ENDPOINT_PARTS),
        rule("DeleteVpcEndpoints", own("ec2", "vpc-endpoint/*")),
    ),
    (
        tagged_at_creation("vpc-endpoint", "CreateVpcEndpoint"),
        needs(
            "ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs",
            *DESCRIBE.scopes,
            slots=(Slot.CREATE,),
            why=f"{REFERENCE}: dependent actions of `CreateVpcEndpoint`",
        ),
        needs(
            "route53:AssociateVPCWithHostedZone",
            anywhere("the hosted zone is AWS's own"),
            slots=(Slot.CREATE, Slot.UPDATE),
            why=f"{REFERENCE}: dependent action of `CreateVpcEndpoint` with private DNS",
            when=given("privateDnsEnabled"),
        ),
    ),
    omitted(
        {
            "AcceptVpcEndpointConnections DescribeVpcEndpointServiceConfigurations": "only with "
            "`autoAccept`, for an endpoint service of one's own account, which the product does not make"
        }
    ),
)


def _to_logs(subject: Subject) -> bool:
    return subject.value("logDestinationType") in (None, "cloud-watch-logs")


def _to_bucket(subject: Subject) -> bool:
    return subject.value("logDestinationType") == "s3"


FLOW_LOG = Entry(
    "aws:ec2/flowLog:FlowLog",
    "aws_flow_log",
    "ec2",
    calls(
        create="CreateFlowLogs DescribeFlowLogs",
        read="DescribeFlowLogs",
        update="DescribeFlowLogs",
        delete="DeleteFlowLogs",
        tags="DescribeTags",
        retags="CreateTags DeleteTags",
    ),
    (
        DESCRIBE,
        retagging("vpc-flow-log"),
        rule(
            "CreateFlowLogs",
            fresh("ec2", "vpc-flow-log/*"),
            referred("ec2", "vpc/*", "vpcId"),
            referred("ec2", "subnet/*", "subnetId"),
            referred("ec2", "network-interface/*", "eniId"),
        ),
        rule("DeleteFlowLogs", own("ec2", "vpc-flow-log/*")),
    ),
    (
        tagged_at_creation("vpc-flow-log", "CreateFlowLogs"),
        needs(
            "logs:CreateLogDelivery logs:DeleteLogDelivery",
            anywhere("log deliveries are no resources of IAM"),
            slots=(Slot.CREATE, Slot.DELETE),
            why="Amazon VPC user guide: flow logs that are delivered to S3",
            when=_to_bucket,
        ),
        needs(
            "iam:PassRole",
            pass_role("iamRoleArn", "vpc-flow-logs.amazonaws.com"),
            slots=(Slot.CREATE,),
            why=f"{REFERENCE}: `CreateFlowLogs` passes the role that writes to CloudWatch Logs",
            when=lambda subject: _to_logs(subject) and subject.given("iamRoleArn"),
        ),
    ),
)


ENTRIES = (
    SECURITY_GROUP,
    DEFAULT_SECURITY_GROUP,
    _rule_entry("Ingress"),
    _rule_entry("Egress"),
    VPC_ENDPOINT,
    FLOW_LOG,
)
