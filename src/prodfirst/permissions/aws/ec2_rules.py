"""What all types of EC2 share: describing takes no resource, and tags say whose something is."""

from __future__ import annotations

from prodfirst.permissions.aws.entry import REFERENCE, Prerequisite, Rule, needs, rule
from prodfirst.permissions.aws.scope import anywhere, fresh, of, retagged
from prodfirst.permissions.grants import Slot

DESCRIBE = rule(
    "DescribeFlowLogs DescribeInternetGateways DescribeNetworkAcls DescribeNetworkInterfaces"
    " DescribePrefixLists DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups"
    " DescribeSubnets DescribeTags DescribeVpcEndpoints DescribeVpcs",
    anywhere("EC2 describes by no resource"),
)
INTERFACES = (
    "only for network interfaces that Lambda left behind, which no stack of this kind has; a permission to "
    "detach any interface would be wider than the need"
)


def retagging(kind: str) -> Rule:
    """Later changes of tags; those that say whose it is stay."""
    return rule("CreateTags DeleteTags", retagged("ec2", f"{kind}/*"))


def tagged_at_creation(kind: str, action: str) -> Prerequisite:
    """Tags in the call that makes it, and in no other."""
    scope = of(fresh("ec2", f"{kind}/*"), StringEquals={"ec2:CreateAction": action})
    why = f"{REFERENCE}: `{action}` with tags needs `ec2:CreateTags`"
    return needs("ec2:CreateTags", scope, slots=(Slot.CREATE,), why=why)
