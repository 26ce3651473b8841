"""Decisions by real calls to EC2: each rule with a call that passes and one that is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from held_policies import Made, allow, deny, document, equals, refused, specification, tagged, unique
from local_callers import ACCOUNT, REGION, Caller

from prodfirst.localcloud.lifecycle import LocalCloud

_EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
_IAM = f"arn:aws:iam::{ACCOUNT}"


@pytest.fixture(scope="module")
def vpcs(administrator: Caller) -> dict[str, str]:
    """A VPC of team `a` and one of team `b`."""
    ec2 = administrator.client("ec2")
    return {
        team: ec2.create_vpc(CidrBlock=cidr, TagSpecifications=specification("vpc", team=team))["Vpc"][
            "VpcId"
        ]
        for team, cidr in (("a", "10.20.0.0/16"), ("b", "10.21.0.0/16"))
    }


_NEXT = iter(range(250))


def _subnet(caller: Caller, vpc: str, team: str = "a") -> str:
    third = next(_NEXT)
    net = "20" if team == "a" else "21"
    made = caller.client("ec2").create_subnet(
        VpcId=vpc, CidrBlock=f"10.{net}.{third}.0/24", TagSpecifications=specification("subnet", team=team)
    )
    return str(made["Subnet"]["SubnetId"])


def test_a_delete_needs_the_own_tag_on_the_resource(
    administrator: Caller, holding: Made, vpcs: dict[str, str]
) -> None:
    own, foreign = _subnet(administrator, vpcs["a"]), _subnet(administrator, vpcs["b"], "b")
    ec2 = holding(allow("ec2:DeleteSubnet", **tagged("aws:ResourceTag/team", "a"))).client("ec2")
    assert refused(ec2.delete_subnet, SubnetId=foreign) == "UnauthorizedOperation"
    ec2.delete_subnet(SubnetId=own)


def test_a_create_needs_the_required_tag_in_the_request(holding: Made) -> None:
    caller = holding(
        allow("ec2:CreateVpc", **tagged("aws:RequestTag/team", "a")),
        allow("ec2:CreateTags", **equals(ec2__CreateAction="CreateVpc")),
    )
    ec2 = caller.client("ec2")
    assert refused(ec2.create_vpc, CidrBlock="10.30.0.0/16") == "UnauthorizedOperation"
    other = specification("vpc", team="b")
    assert (
        refused(ec2.create_vpc, CidrBlock="10.30.0.0/16", TagSpecifications=other) == "UnauthorizedOperation"
    )
    made = ec2.create_vpc(CidrBlock="10.30.0.0/16", TagSpecifications=specification("vpc", team="a"))["Vpc"]
    again = {"Resources": [made["VpcId"]], "Tags": [{"Key": "team", "Value": "b"}]}
    assert refused(ec2.create_tags, **again) == "UnauthorizedOperation"


def test_every_resource_of_a_call_counts(holding: Made, vpcs: dict[str, str]) -> None:
    caller = holding(
        allow("ec2:CreateSubnet", f"{_EC2}:subnet/*"),
        allow("ec2:CreateSubnet", f"{_EC2}:vpc/*", **tagged("aws:ResourceTag/team", "a")),
        allow("ec2:CreateTags", f"{_EC2}:subnet/*", **equals(ec2__CreateAction="CreateSubnet")),
    )
    assert _subnet(caller, vpcs["a"]).startswith("subnet-")
    with pytest.raises(ClientError, match=f"on resource: {_EC2}:vpc/{vpcs['b']}"):
        _subnet(caller, vpcs["b"], "b")


def test_a_role_is_passed_only_with_permission_and_to_the_service_named(
    administrator: Caller, holding: Made, vpcs: dict[str, str]
) -> None:
    iam = administrator.client("iam")
    trust = document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )
    role = iam.create_role(RoleName=unique("flow"), AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    flow = {
        "ResourceIds": [vpcs["a"]], "ResourceType": "VPC", "TrafficType": "ALL", "LogGroupName": "flow",
        "DeliverLogsPermissionArn": role,
    }  # fmt: skip

    def under(*statements: dict[str, Any]) -> Any:
        return holding(allow("ec2:CreateFlowLogs"), *statements).client("ec2").create_flow_logs

    to = {"Condition": {"StringEquals": {"iam:PassedToService": "eks.amazonaws.com"}}}
    assert refused(under(), **flow) == "UnauthorizedOperation"
    assert refused(under(allow("iam:PassRole", role, **to)), **flow) == "UnauthorizedOperation"
    assert refused(under(allow("iam:PassRole", f"{_IAM}:role/other")), **flow) == "UnauthorizedOperation"
    to["Condition"]["StringEquals"]["iam:PassedToService"] = "vpc-flow-logs.amazonaws.com"
    assert under(allow("iam:PassRole", role, **to))(**flow)["FlowLogIds"]


def test_not_action_leaves_out_what_it_names(holding: Made) -> None:
    statement = {"Effect": "Allow", "NotAction": ["iam:*", "ec2:DescribeSubnets"], "Resource": "*"}
    caller = holding(statement)
    caller.client("ec2").describe_vpcs()
    assert refused(caller.client("ec2").describe_subnets) == "UnauthorizedOperation"
    assert refused(caller.client("iam").list_roles) == "AccessDenied"


def test_a_session_policy_and_a_boundary_only_shrink(holding: Made) -> None:
    only = allow("ec2:DescribeVpcs")
    for caller in (
        holding(allow("ec2:*"), Policy=document(only)),
        holding(allow("ec2:*"), boundary=(only,)),
    ):
        caller.client("ec2").describe_vpcs()
        assert refused(caller.client("ec2").describe_subnets) == "UnauthorizedOperation"
    alone = holding(allow("s3:ListAllMyBuckets"), boundary=(only,))
    assert refused(alone.client("ec2").describe_vpcs) == "UnauthorizedOperation"


def test_a_session_s_tags_are_the_caller_s(
    administrator: Caller, holding: Made, vpcs: dict[str, str]
) -> None:
    own = {"Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}}
    subnet = _subnet(administrator, vpcs["a"])
    statement = allow("ec2:DeleteSubnet", **own)
    stranger = holding(statement, Tags=[{"Key": "team", "Value": "b"}])
    assert refused(stranger.client("ec2").delete_subnet, SubnetId=subnet) == "UnauthorizedOperation"
    assert refused(holding(statement).client("ec2").delete_subnet, SubnetId=subnet) == "UnauthorizedOperation"
    holding(statement, Tags=[{"Key": "team", "Value": "a"}]).client("ec2").delete_subnet(SubnetId=subnet)


def test_an_explicit_deny_wins_and_says_so(holding: Made) -> None:
    caller = holding(allow("ec2:*"), deny("ec2:DescribeSubnets", Sid="NoSubnets"))
    caller.client("ec2").describe_vpcs()
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        caller.client("ec2").describe_subnets()


def test_the_audit_names_every_action_resource_and_the_deciding_statement(
    cloud: LocalCloud, holding: Made, vpcs: dict[str, str]
) -> None:
    caller = holding(allow("ec2:CreateSubnet", f"{_EC2}:subnet/*", Sid="Make"))
    with pytest.raises(ClientError) as raised:
        _subnet(caller, vpcs["a"])
    error = raised.value.response
    who = caller.client("sts").get_caller_identity()["Arn"]
    assert error["Error"]["Message"].startswith(
        "You are not authorized to perform this operation. "
        f"User: {who} is not authorized to perform: ec2:CreateSubnet on resource: {_EC2}:vpc/{vpcs['a']} "
        "because no identity-based policy allows the ec2:CreateSubnet action"
    )
    entries = [json.loads(line) for line in cloud.audit.read_text().splitlines()]
    (entry,) = (entry for entry in entries if entry["id"] == error["ResponseMetadata"]["RequestId"])
    assert (entry["decision"], entry["principal"]) == ("deny", who)
    found = {(item["action"], item["resource"]): item for item in entry["decided"]}
    made = found["ec2:CreateSubnet", f"{_EC2}:subnet/*"]
    assert (made["decision"], made["statement"]) == ("allow", "identity-based policy `held`, `Make`")
    assert found["ec2:CreateSubnet", f"{_EC2}:vpc/{vpcs['a']}"]["decision"] == "deny"
    assert found["ec2:CreateTags", f"{_EC2}:subnet/*"]["decision"] == "deny"
