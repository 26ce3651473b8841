"""Security groups, VPC endpoints and flow logs: what may talk to what, and the record of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prodfirst.providers.aws.ec2 import Ec2Type, live_tags
from prodfirst.providers.aws.resource import Call, ignoring
from prodfirst.providers.schema import Data, Prop, Schema, is_cidr, is_policy, same_json


class SecurityGroup(Ec2Type):
    """A group with no rules of its own: they are resources, `aws:vpc:SecurityGroupIngressRule` and Egress."""

    token = "aws:ec2/securityGroup:SecurityGroup"
    kind = "security-group"
    describe = ("describe_security_groups", "GroupIds", "SecurityGroups")
    remove = ("delete_security_group", "GroupId")
    missing = ("InvalidGroup.NotFound", "InvalidGroupId.Malformed")
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "description": Prop(replace=True, default="Managed by Pulumi"),
            "vpcId": Prop(replace=True, computed=True),
            "revokeRulesOnDelete": Prop(default=False),
        },
        outputs=("arn", "ownerId", "tagsAll"),
        stable=("arn", "ownerId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        place = {"VpcId": inputs["vpcId"]} if "vpcId" in inputs else {}
        made = call.client("ec2").create_security_group(
            GroupName=inputs["name"],
            Description=inputs["description"],
            TagSpecifications=self.specification(call, inputs),
            **place,
        )
        return str(made["GroupId"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        revoke_all(call, self.find(call, id) or {}, id, egress_only=True)  # EC2 adds `allow all` by itself

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self.find(call, id)
        if found is None:
            return None
        return {
            "name": found["GroupName"],
            "description": found["Description"],
            "vpcId": found.get("VpcId"),
            "revokeRulesOnDelete": known.get("revokeRulesOnDelete", False),
            "ownerId": found["OwnerId"],
            "arn": self.arn(call, found["OwnerId"], id),
            **live_tags(found),
        }

    def delete(self, call: Call, id: str, state: Data) -> None:
        if state.get("revokeRulesOnDelete"):
            revoke_all(call, self.find(call, id) or {}, id)
        super().delete(call, id, state)


class DefaultSecurityGroup(SecurityGroup):
    """The group that every VPC comes with: adopted, emptied, left alone on delete, as the original does."""

    token = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    schema = Schema(
        inputs={"vpcId": Prop(replace=True, computed=True), "revokeRulesOnDelete": Prop(default=False)},
        outputs=("arn", "description", "egress", "ingress", "name", "ownerId", "tagsAll"),
        stable=("arn", "ownerId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        (id,) = self.located(call, inputs, None) or ("",)
        if not id:
            raise LookupError(f"the VPC `{inputs.get('vpcId')}` has no default security group")
        return id

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        chosen = [{"Name": "group-name", "Values": ["default"]}]
        if "vpcId" in inputs:
            chosen.append({"Name": "vpc-id", "Values": [inputs["vpcId"]]})
        found = call.client("ec2").describe_security_groups(Filters=chosen)["SecurityGroups"]
        return tuple(str(group["GroupId"]) for group in found[:1])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        """Tags first, as the original does: whose it is decides whether its rules may be taken away."""
        self.update(call, id, {}, inputs)
        revoke_all(call, self.find(call, id) or {}, id)

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        data = super().read(call, id, known)
        if data is None:
            return None
        found = self.find(call, id) or {}
        return {
            **data,
            "ingress": [_rule(item) for item in found.get("IpPermissions", [])],
            "egress": [_rule(item) for item in found.get("IpPermissionsEgress", [])],
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        """Rules that somebody added stand in `ingress` and `egress` and are taken away again."""
        if old.get("ingress") or old.get("egress"):
            revoke_all(call, self.find(call, id) or {}, id)
        super().update(call, id, old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        """It goes with its VPC."""


def revoke_all(call: Call, found: dict[str, Any], id: str, *, egress_only: bool = False) -> None:
    """Take every rule of a group away."""
    ec2 = call.client("ec2")
    if found.get("IpPermissions") and not egress_only:
        ec2.revoke_security_group_ingress(GroupId=id, IpPermissions=found["IpPermissions"])
    if found.get("IpPermissionsEgress"):
        ec2.revoke_security_group_egress(GroupId=id, IpPermissions=found["IpPermissionsEgress"])


def _rule(permission: dict[str, Any]) -> Data:
    return {
        "protocol": permission["IpProtocol"],
        "fromPort": permission.get("FromPort", 0),
        "toPort": permission.get("ToPort", 0),
        "cidrBlocks": [item["CidrIp"] for item in permission.get("IpRanges", [])],
        "securityGroups": [item["GroupId"] for item in permission.get("UserIdGroupPairs", [])],
    }


class SecurityGroupIngressRule(Ec2Type):
    token = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    kind = "security-group-rule"
    describe = ("describe_security_group_rules", "SecurityGroupRuleIds", "SecurityGroupRules")
    missing = ("InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound")
    direction = "ingress"
    schema = Schema(
        inputs={
            "securityGroupId": Prop(required=True, replace=True),
            "ipProtocol": Prop(required=True),
            "fromPort": Prop(),
            "toPort": Prop(),
            "cidrIpv4": Prop(check=is_cidr),
            "cidrIpv6": Prop(check=is_cidr),
            "referencedSecurityGroupId": Prop(),
            "description": Prop(),
        },
        outputs=("arn", "securityGroupRuleId", "tagsAll"),
        stable=("arn", "securityGroupRuleId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        authorize = getattr(call.client("ec2"), f"authorize_security_group_{self.direction}")
        made = authorize(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            TagSpecifications=self.specification(call, inputs),
        )
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self.find(call, id)
        if found is None:
            return None
        port = (
            {"fromPort": found.get("FromPort"), "toPort": found.get("ToPort")}
            if found["IpProtocol"] != "-1"
            else {}
        )
        return {
            "securityGroupId": found["GroupId"],
            "ipProtocol": found["IpProtocol"],
            **port,
            "cidrIpv4": found.get("CidrIpv4"),
            "cidrIpv6": found.get("CidrIpv6"),
            "referencedSecurityGroupId": (found.get("ReferencedGroupInfo") or {}).get("GroupId"),
            "description": found.get("Description") or None,
            "securityGroupRuleId": id,
            "arn": self.arn(call, found.get("GroupOwnerId") or call.account, id),
            **live_tags(found),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        if any(old.get(key) != new.get(key) for key in self.schema.inputs):
            rule = {key: value for key, value in _rule_request(new).items() if value is not None}
            call.client("ec2").modify_security_group_rules(
                GroupId=new["securityGroupId"],
                SecurityGroupRules=[{"SecurityGroupRuleId": id, "SecurityGroupRule": rule}],
            )
        super().update(call, id, old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        revoke = getattr(call.client("ec2"), f"revoke_security_group_{self.direction}")
        with ignoring(*self.missing):
            revoke(GroupId=state["securityGroupId"], SecurityGroupRuleIds=[id])


class SecurityGroupEgressRule(SecurityGroupIngressRule):
    token = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    direction = "egress"


def _permission(inputs: Data) -> dict[str, Any]:
    words = {"Description": inputs["description"]} if inputs.get("description") else {}
    result: dict[str, Any] = {"IpProtocol": inputs["ipProtocol"]}
    for key, parameter in (("fromPort", "FromPort"), ("toPort", "ToPort")):
        if inputs.get(key) is not None:
            result[parameter] = inputs[key]
    if inputs.get("cidrIpv4"):
        result["IpRanges"] = [{"CidrIp": inputs["cidrIpv4"], **words}]
    if inputs.get("cidrIpv6"):
        result["Ipv6Ranges"] = [{"CidrIpv6": inputs["cidrIpv6"], **words}]
    if inputs.get("referencedSecurityGroupId"):
        result["UserIdGroupPairs"] = [{"GroupId": inputs["referencedSecurityGroupId"], **words}]
    return result


def _rule_request(inputs: Data) -> dict[str, Any]:
    return {
        "IpProtocol": inputs["ipProtocol"],
        "FromPort": inputs.get("fromPort"),
        "ToPort": inputs.get("toPort"),
        "CidrIpv4": inputs.get("cidrIpv4"),
        "CidrIpv6": inputs.get("cidrIpv6"),
        "ReferencedGroupId": inputs.get("referencedSecurityGroupId"),
        "Description": inputs.get("description"),
    }


class VpcEndpoint(Ec2Type):
    token = "aws:ec2/vpcEndpoint:VpcEndpoint"
    kind = "vpc-endpoint"
    describe = ("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints")
    missing = ("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound")
    schema = Schema(
        inputs={
            "vpcId": Prop(required=True, replace=True),
            "serviceName": Prop(replace=True, required=True),
            "vpcEndpointType": Prop(replace=True, default="Gateway"),
            "policy": Prop(computed=True, check=is_policy, same=same_json),
            "privateDnsEnabled": Prop(computed=True),
            "routeTableIds": Prop(computed=True, sort=True),
            "securityGroupIds": Prop(computed=True, sort=True),
            "subnetIds": Prop(computed=True, sort=True),
        },
        outputs=("arn", "networkInterfaceIds", "ownerId", "requesterManaged", "state", "tagsAll"),
        stable=("arn", "ownerId"),
        tagged=True,
    )
    _lists = (
        ("routeTableIds", "RouteTableIds"),
        ("subnetIds", "SubnetIds"),
        ("securityGroupIds", "SecurityGroupIds"),
    )

    def create(self, call: Call, inputs: Data) -> str:
        given: dict[str, Any] = {parameter: inputs[key] for key, parameter in self._lists if inputs.get(key)}
        for key, parameter in (("policy", "PolicyDocument"), ("privateDnsEnabled", "PrivateDnsEnabled")):
            if key in inputs:
                given[parameter] = inputs[key]
        made = call.client("ec2").create_vpc_endpoint(
            VpcId=inputs["vpcId"],
            ServiceName=inputs["serviceName"],
            VpcEndpointType=inputs["vpcEndpointType"],
            TagSpecifications=self.specification(call, inputs),
            **given,
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        def available() -> bool:
            found = self.find(call, id)
            return found is not None and found["State"].lower() in ("available", "pendingacceptance")

        call.wait(f"VPC endpoint {id} available", available)

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self.find(call, id)
        if found is None or found["State"].lower() in ("deleted", "deleting"):
            return None
        owner = found.get("OwnerId") or call.account
        return {
            "vpcId": found["VpcId"],
            "serviceName": found["ServiceName"],
            "vpcEndpointType": found["VpcEndpointType"],
            "policy": found.get("PolicyDocument"),
            "privateDnsEnabled": found.get("PrivateDnsEnabled", False),
            "routeTableIds": sorted(found.get("RouteTableIds", [])),
            "subnetIds": sorted(found.get("SubnetIds", [])),
            "securityGroupIds": sorted(group["GroupId"] for group in found.get("Groups", [])),
            "networkInterfaceIds": found.get("NetworkInterfaceIds", []),
            "requesterManaged": found.get("RequesterManaged", False),
            "state": found["State"].lower(),
            "ownerId": owner,
            "arn": self.arn(call, owner, id),
            **live_tags(found),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        request: dict[str, Any] = {}
        for key, parameter in self._lists:
            before, after = set(old.get(key) or []), set(new.get(key, old.get(key)) or [])
            if after - before:
                request[f"Add{parameter}"] = sorted(after - before)
            if before - after:
                request[f"Remove{parameter}"] = sorted(before - after)
        if "policy" in new and not same_json(old.get("policy"), new["policy"]):
            request["PolicyDocument"] = new["policy"]
        if "privateDnsEnabled" in new and old.get("privateDnsEnabled") != new["privateDnsEnabled"]:
            request["PrivateDnsEnabled"] = new["privateDnsEnabled"]
        if request:
            call.client("ec2").modify_vpc_endpoint(VpcEndpointId=id, **request)
        super().update(call, id, old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*self.missing):
            call.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[id])
        call.wait(f"VPC endpoint {id} deleted", lambda: self.read(call, id, state) is None)


class FlowLog(Ec2Type):
    token = "aws:ec2/flowLog:FlowLog"
    kind = "vpc-flow-log"
    describe = ("describe_flow_logs", "FlowLogIds", "FlowLogs")
    missing = ("InvalidFlowLogId.NotFound",)
    filters = "Filter"
    schema = Schema(
        inputs={
            "vpcId": Prop(replace=True),
            "subnetId": Prop(replace=True),
            "trafficType": Prop(replace=True),
            "logDestinationType": Prop(replace=True, default="cloud-watch-logs"),
            "logDestination": Prop(replace=True, computed=True),
            "logFormat": Prop(replace=True, computed=True),
            "iamRoleArn": Prop(replace=True),
            "maxAggregationInterval": Prop(replace=True, default=600),
        },
        outputs=("arn", "tagsAll"),
        stable=("arn",),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        kind, target = ("VPC", inputs["vpcId"]) if "vpcId" in inputs else ("Subnet", inputs["subnetId"])
        names = {
            "logDestination": "LogDestination",
            "logFormat": "LogFormat",
            "iamRoleArn": "DeliverLogsPermissionArn",
        }
        made = call.client("ec2").create_flow_logs(
            ResourceType=kind,
            ResourceIds=[target],
            TrafficType=inputs["trafficType"],
            LogDestinationType=inputs["logDestinationType"],
            MaxAggregationInterval=inputs["maxAggregationInterval"],
            TagSpecifications=self.specification(call, inputs),
            **{parameter: inputs[key] for key, parameter in names.items() if key in inputs},
        )
        if made.get("Unsuccessful"):
            raise RuntimeError(made["Unsuccessful"][0]["Error"]["Message"])
        return str(made["FlowLogIds"][0])

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self.find(call, id)
        if found is None:
            return None
        kind = "vpcId" if found["ResourceId"].startswith("vpc-") else "subnetId"
        return {
            kind: found["ResourceId"],
            "trafficType": found.get("TrafficType"),
            "logDestinationType": found.get("LogDestinationType"),
            "logDestination": found.get("LogDestination"),
            "logFormat": found.get("LogFormat"),
            "iamRoleArn": found.get("DeliverLogsPermissionArn"),
            "maxAggregationInterval": found.get("MaxAggregationInterval", 600),
            "arn": self.arn(call, call.account, id),
            **live_tags(found),
        }

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*self.missing):
            call.client("ec2").delete_flow_logs(FlowLogIds=[id])
