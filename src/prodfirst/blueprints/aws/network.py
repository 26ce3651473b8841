"""A network over all zones: public edge, private subnets, endpoints to AWS's services, a log of all flows."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws

from prodfirst.blueprints.aws.buckets import delivery, private_bucket
from prodfirst.blueprints.blueprint import Blueprint, place

_LOGS = "delivery.logs.amazonaws.com"


class Network(Blueprint):
    """A VPC. Of its addresses each zone gets a sixteenth, privately, and a small public edge.

    Nothing of it is protected: it holds no data, and AWS itself keeps a VPC that something is in.
    """

    token = "prodfirst:aws:Network"  # noqa: S105 - Pulumi's word for the name of a type
    defaults: ClassVar[Mapping[str, Any]] = {
        "vpc.enable_dns_support": True,
        "vpc.enable_dns_hostnames": True,
        "flow_log.traffic_type": "ALL",
        "flow_log.max_aggregation_interval": 60,
        "endpoint.private_dns_enabled": True,
        "public_subnet.map_public_ip_on_launch": False,
    }

    def __init__(
        self,
        name: str,
        *,
        cidr: str,
        services: Sequence[str] = ("sts", "secretsmanager", "logs"),
        overrides: Mapping[str, Any] | None = None,
        unprotected: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`cidr`: the addresses, such as `10.20.0.0/16`. `services`: those reached without the internet."""
        super().__init__(name, overrides=overrides, unprotected=unprotected, opts=opts)
        self._place = place()
        self.cidr = cidr
        self._blocks = list(ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=4))
        self._edges = list(self._blocks[0].subnets(prefixlen_diff=4))
        prefix = self._place.prefix
        self.vpc = aws.ec2.Vpc(
            name, cidr_block=cidr, tags={"Name": prefix}, **self.settings("vpc"), opts=self.options("vpc")
        )
        self.vpc_id = self.vpc.id
        # no rules: nothing may use it
        aws.ec2.DefaultSecurityGroup("closed", vpc_id=self.vpc_id, opts=self.options("closed"))
        self._internet()
        zones = [self._zone(index, zone) for index, zone in enumerate(self._place.zones)]
        self.private_subnet_ids = [subnet for subnet, _ in zones]
        self._endpoints(services, [table for _, table in zones])
        self._flow_log(name)
        self.register_outputs({})

    def _internet(self) -> None:
        prefix, options = self._place.prefix, self.options("internet")
        gateway = aws.ec2.InternetGateway("internet", vpc_id=self.vpc_id, tags={"Name": prefix}, opts=options)
        self._public = aws.ec2.RouteTable(
            "public", vpc_id=self.vpc_id, tags={"Name": f"{prefix}-public"}, opts=options
        )
        aws.ec2.Route(
            "public-default",
            route_table_id=self._public.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=options,
        )

    def _zone(self, index: int, zone: str) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The ids of the private subnet and its route table."""
        made = {}
        for kind, block in (("public", self._edges[index]), ("private", self._blocks[index + 1])):
            made[kind] = aws.ec2.Subnet(
                f"{kind}-{zone}",
                vpc_id=self.vpc_id,
                availability_zone=zone,
                cidr_block=str(block),
                tags={"Name": f"{self._place.prefix}-{kind}-{zone}"},
                **self.settings(f"{kind}_subnet"),
                opts=self.options("subnet"),
            )
        table = aws.ec2.RouteTable(
            f"private-{zone}",
            vpc_id=self.vpc_id,
            tags={"Name": f"{self._place.prefix}-private-{zone}"},
            opts=self.options("subnet"),
        )
        for kind, routes in (("public", self._public.id), ("private", table.id)):
            aws.ec2.RouteTableAssociation(
                f"{kind}-{zone}", subnet_id=made[kind].id, route_table_id=routes, opts=self.options("subnet")
            )
        return made["private"].id, table.id

    def _endpoints(self, services: Sequence[str], tables: list[pulumi.Output[str]]) -> None:
        prefix, region, options = self._place.prefix, self._place.region, self.options("endpoint")
        group = aws.ec2.SecurityGroup(
            "endpoints",
            name=f"{prefix}-endpoints",
            description="HTTPS from inside the network to the interface endpoints",
            vpc_id=self.vpc_id,
            tags={"Name": f"{prefix}-endpoints"},
            opts=options,
        )
        aws.vpc.SecurityGroupIngressRule(
            "endpoints-https",
            security_group_id=group.id,
            description="HTTPS from inside the network",
            cidr_ipv4=self.cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=options,
        )
        shared = {"vpc_id": self.vpc_id, "opts": options}
        aws.ec2.VpcEndpoint(
            "s3",
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=tables,
            tags={"Name": f"{prefix}-s3"},
            **shared,
        )
        for service in services:
            aws.ec2.VpcEndpoint(
                service,
                service_name=f"com.amazonaws.{region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=self.private_subnet_ids,
                security_group_ids=[group.id],
                tags={"Name": f"{prefix}-{service}"},
                **self.settings("endpoint"),
                **shared,
            )

    def _flow_log(self, name: str) -> None:
        bucket = f"{self._place.prefix}-flow-logs"
        arn, account = f"arn:aws:s3:::{bucket}", self._place.account
        made = private_bucket(
            "flow-logs",
            bucket,
            self.options("flow_log"),
            statements=[
                delivery("Delivery", _LOGS, "s3:PutObject", f"{arn}/*", account),
                delivery("DeliveryCheck", _LOGS, "s3:GetBucketAcl", arn, account),
            ],
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=self.vpc_id,
            log_destination_type="s3",
            log_destination=made.bucket.arn,
            tags={"Name": self._place.prefix},
            **self.settings("flow_log"),
            opts=self.options("flow_log", after=[made.policy]),
        )
