"""VPC, subnets, gateways and routes."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

from prodfirst.providers.aws.ec2 import Ec2Type, live_tags
from prodfirst.providers.aws.locating import may_be
from prodfirst.providers.aws.resource import Call, ignoring
from prodfirst.providers.schema import Data, Prop, Schema, is_cidr

_DEFAULT_GROUP = ("group-name", "default")


class Vpc(Ec2Type):
    token = "aws:ec2/vpc:Vpc"
    kind = "vpc"
    describe = ("describe_vpcs", "VpcIds", "Vpcs")
    remove = ("delete_vpc", "VpcId")
    missing = ("InvalidVpcID.NotFound",)
    schema = Schema(
        inputs={
            "cidrBlock": Prop(required=True, replace=True, check=is_cidr),
            "enableDnsHostnames": Prop(default=False),
            "enableDnsSupport": Prop(default=True),
            "instanceTenancy": Prop(default="default", replace=True),
        },
        outputs=(
            "arn", "defaultNetworkAclId", "defaultRouteTableId", "defaultSecurityGroupId", "dhcpOptionsId",
            "mainRouteTableId", "ownerId", "tagsAll",
        ),
        stable=("arn", "defaultSecurityGroupId", "ownerId"),
        tagged=True,
    )  # fmt: skip

    def create(self, call: Call, inputs: Data) -> str:
        made = call.client("ec2").create_vpc(
            CidrBlock=inputs["cidrBlock"],
            InstanceTenancy=inputs["instanceTenancy"],
            TagSpecifications=self.specification(call, inputs),
        )
        return str(made["Vpc"]["VpcId"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        def available() -> bool:
            found = self.find(call, id)
            return found is not None and found["State"] == "available"

        call.wait(f"vpc {id} available", available)
        self._dns(call, id, {"enableDnsSupport": True, "enableDnsHostnames": False}, inputs)

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self.find(call, id)
        if found is None:
            return None
        main = _first(call, "route_tables", "RouteTableId", id, ("association.main", "true"))
        return {
            "cidrBlock": found["CidrBlock"],
            "instanceTenancy": found.get("InstanceTenancy", "default"),
            "enableDnsHostnames": self._attribute(call, id, "EnableDnsHostnames"),
            "enableDnsSupport": self._attribute(call, id, "EnableDnsSupport"),
            "dhcpOptionsId": found.get("DhcpOptionsId"),
            "ownerId": found["OwnerId"],
            "arn": self.arn(call, found["OwnerId"], id),
            "defaultSecurityGroupId": _first(call, "security_groups", "GroupId", id, _DEFAULT_GROUP),
            "defaultNetworkAclId": _first(call, "network_acls", "NetworkAclId", id, ("default", "true")),
            "mainRouteTableId": main,
            "defaultRouteTableId": main,
            **live_tags(found),
        }  # fmt: skip

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        self._dns(call, id, old, new)
        super().update(call, id, old, new)

    def _dns(self, call: Call, id: str, old: Data, new: Data) -> None:
        for key, parameter in (
            ("enableDnsSupport", "EnableDnsSupport"),
            ("enableDnsHostnames", "EnableDnsHostnames"),
        ):
            if old.get(key) != new[key]:
                call.client("ec2").modify_vpc_attribute(VpcId=id, **{parameter: {"Value": new[key]}})

    def _attribute(self, call: Call, id: str, name: str) -> bool:
        asked = name[0].lower() + name[1:]
        answer = call.client("ec2").describe_vpc_attribute(VpcId=id, Attribute=asked)
        return bool(answer[name]["Value"])


class Subnet(Ec2Type):
    token = "aws:ec2/subnet:Subnet"
    kind = "subnet"
    describe = ("describe_subnets", "SubnetIds", "Subnets")
    remove = ("delete_subnet", "SubnetId")
    missing = ("InvalidSubnetID.NotFound",)
    schema = Schema(
        inputs={
            "vpcId": Prop(required=True, replace=True),
            "cidrBlock": Prop(replace=True, check=is_cidr),
            "availabilityZone": Prop(replace=True, computed=True),
            "mapPublicIpOnLaunch": Prop(default=False),
        },
        outputs=("arn", "availabilityZoneId", "ownerId", "tagsAll"),
        stable=("arn", "ownerId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        zone = {"AvailabilityZone": inputs["availabilityZone"]} if "availabilityZone" in inputs else {}
        made = call.client("ec2").create_subnet(
            VpcId=inputs["vpcId"],
            CidrBlock=inputs["cidrBlock"],
            TagSpecifications=self.specification(call, inputs),
            **zone,
        )
        return str(made["Subnet"]["SubnetId"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        def available() -> bool:
            found = self.find(call, id)
            return found is not None and found["State"] == "available"

        call.wait(f"subnet {id} available", available)
        if inputs["mapPublicIpOnLaunch"]:
            self._public(call, id, True)

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self.find(call, id)
        if found is None:
            return None
        return {
            "vpcId": found["VpcId"],
            "cidrBlock": found["CidrBlock"],
            "availabilityZone": found["AvailabilityZone"],
            "availabilityZoneId": found.get("AvailabilityZoneId"),
            "mapPublicIpOnLaunch": found.get("MapPublicIpOnLaunch", False),
            "ownerId": found.get("OwnerId"),
            "arn": found.get("SubnetArn") or self.arn(call, found["OwnerId"], id),
            **live_tags(found),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        if old.get("mapPublicIpOnLaunch") != new["mapPublicIpOnLaunch"]:
            self._public(call, id, new["mapPublicIpOnLaunch"])
        super().update(call, id, old, new)

    def _public(self, call: Call, id: str, on: bool) -> None:
        call.client("ec2").modify_subnet_attribute(SubnetId=id, MapPublicIpOnLaunch={"Value": on})


class InternetGateway(Ec2Type):
    token = "aws:ec2/internetGateway:InternetGateway"
    kind = "internet-gateway"
    describe = ("describe_internet_gateways", "InternetGatewayIds", "InternetGateways")
    remove = ("delete_internet_gateway", "InternetGatewayId")
    missing = ("InvalidInternetGatewayID.NotFound",)
    schema = Schema(
        inputs={"vpcId": Prop()},
        outputs=("arn", "ownerId", "tagsAll"),
        stable=("arn", "ownerId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        made = call.client("ec2").create_internet_gateway(TagSpecifications=self.specification(call, inputs))
        return str(made["InternetGateway"]["InternetGatewayId"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        if "vpcId" in inputs:
            call.client("ec2").attach_internet_gateway(InternetGatewayId=id, VpcId=inputs["vpcId"])

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self.find(call, id)
        if found is None:
            return None
        attached = found.get("Attachments") or [{}]
        owner = found.get("OwnerId") or call.account
        return {
            "vpcId": attached[0].get("VpcId"),
            "ownerId": owner,
            "arn": self.arn(call, owner, id),
            **live_tags(found),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        if old.get("vpcId") != new.get("vpcId"):
            self._detach(call, id, old)
            self.settle(call, id, new)
        super().update(call, id, old, new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        self._detach(call, id, state)
        super().delete(call, id, state)

    def _detach(self, call: Call, id: str, state: Data) -> None:
        if state.get("vpcId"):
            with ignoring("Gateway.NotAttached", *self.missing):
                call.client("ec2").detach_internet_gateway(InternetGatewayId=id, VpcId=state["vpcId"])


class RouteTable(Ec2Type):
    token = "aws:ec2/routeTable:RouteTable"
    kind = "route-table"
    describe = ("describe_route_tables", "RouteTableIds", "RouteTables")
    remove = ("delete_route_table", "RouteTableId")
    missing = ("InvalidRouteTableID.NotFound",)
    schema = Schema(
        inputs={"vpcId": Prop(required=True, replace=True)},
        outputs=("arn", "ownerId", "tagsAll"),
        stable=("arn", "ownerId"),
        tagged=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        made = call.client("ec2").create_route_table(
            VpcId=inputs["vpcId"], TagSpecifications=self.specification(call, inputs)
        )
        return str(made["RouteTable"]["RouteTableId"])

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = self.find(call, id)
        if found is None:
            return None
        owner = found.get("OwnerId") or call.account
        return {
            "vpcId": found["VpcId"],
            "ownerId": owner,
            "arn": self.arn(call, owner, id),
            **live_tags(found),
        }


class Route(Ec2Type):
    """One route of a table; its id is the original's: `r-` + table + checksum of the destination."""

    token = "aws:ec2/route:Route"
    describe = RouteTable.describe
    missing = ("InvalidRoute.NotFound", *RouteTable.missing)
    schema = Schema(
        inputs={
            "routeTableId": Prop(required=True, replace=True),
            "destinationCidrBlock": Prop(required=True, replace=True, check=is_cidr),
            "gatewayId": Prop(),
            "natGatewayId": Prop(),
        },
        outputs=("origin", "state"),
        delete_first=True,
    )

    def create(self, call: Call, inputs: Data) -> str:
        call.client("ec2").create_route(**_route(inputs))
        return _route_id(inputs)

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        live = self.read(call, _route_id(inputs), inputs)
        return (_route_id(inputs),) if live and may_be(self.schema, {}, inputs, live) else ()

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        # on import the id is the original's `TABLE_DESTINATION`
        table, _, wanted = id.partition("_")
        table, wanted = known.get("routeTableId", table), known.get("destinationCidrBlock", wanted)
        found = self.find(call, table)
        for route in (found or {}).get("Routes", []):
            if route.get("DestinationCidrBlock") == wanted:
                return {
                    "routeTableId": table,
                    "destinationCidrBlock": wanted,
                    "gatewayId": route.get("GatewayId"),
                    "natGatewayId": route.get("NatGatewayId"),
                    "origin": route.get("Origin"),
                    "state": route.get("State"),
                }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        call.client("ec2").replace_route(**_route(new))

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*self.missing):
            call.client("ec2").delete_route(
                RouteTableId=state["routeTableId"], DestinationCidrBlock=state["destinationCidrBlock"]
            )


class RouteTableAssociation(Ec2Type):
    token = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    missing = ("InvalidAssociationID.NotFound", *RouteTable.missing)
    schema = Schema(
        inputs={
            "routeTableId": Prop(required=True),
            "subnetId": Prop(replace=True),
            "gatewayId": Prop(replace=True),
        }
    )

    def create(self, call: Call, inputs: Data) -> str:
        place = (
            {"SubnetId": inputs["subnetId"]} if "subnetId" in inputs else {"GatewayId": inputs["gatewayId"]}
        )
        made = call.client("ec2").associate_route_table(RouteTableId=inputs["routeTableId"], **place)
        return str(made["AssociationId"])

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """A subnet or gateway has one association at most."""
        tables = call.client("ec2").describe_route_tables(RouteTableIds=[inputs["routeTableId"]])
        for item in tables["RouteTables"][0].get("Associations", []):
            if (item.get("SubnetId"), item.get("GatewayId")) == (
                inputs.get("subnetId"),
                inputs.get("gatewayId"),
            ):
                return (str(item["RouteTableAssociationId"]),)
        return ()

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        chosen = [{"Name": "association.route-table-association-id", "Values": [id]}]
        for table in call.client("ec2").describe_route_tables(Filters=chosen)["RouteTables"]:
            for item in table.get("Associations", []):
                if item.get("RouteTableAssociationId") == id:
                    return {
                        "routeTableId": table["RouteTableId"],
                        "subnetId": item.get("SubnetId"),
                        "gatewayId": item.get("GatewayId"),
                    }
        return None

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*self.missing):
            call.client("ec2").disassociate_route_table(AssociationId=id)


def _route_id(inputs: Data) -> str:
    """As the original makes it: `r-`, the table, and a checksum of the destination."""
    return f"r-{inputs['routeTableId']}{zlib.crc32(inputs['destinationCidrBlock'].encode())}"


def _route(inputs: Data) -> dict[str, str]:
    names = {"RouteTableId": "routeTableId", "DestinationCidrBlock": "destinationCidrBlock",
             "GatewayId": "gatewayId", "NatGatewayId": "natGatewayId"}  # fmt: skip
    return {parameter: inputs[key] for parameter, key in names.items() if inputs.get(key)}


def _first(call: Call, what: str, key: str, vpc: str, chosen: tuple[str, str]) -> Any:
    """The id of the one thing of a VPC that a filter picks."""
    name, value = chosen
    listed: list[dict[str, Any]] = next(
        answer
        for title, answer in getattr(call.client("ec2"), f"describe_{what}")(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": name, "Values": [value]}]
        ).items()
        if title not in ("ResponseMetadata", "NextToken")
    )
    return listed[0][key] if listed else None
