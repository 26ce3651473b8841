"""The network that everything else lives in."""

import json

import pulumi
import pulumi_aws as aws

settings = pulumi.Config("prodfirst")
zones = settings.require_object("zones")
region = settings.require("region")
name = settings.require("prefix")
cidr = pulumi.Config().get("cidr") or "10.20.0.0/16"
first, second, *_ = cidr.split(".")

vpc = aws.ec2.Vpc(
    "main",
    cidr_block=cidr,
    enable_dns_support=True,
    enable_dns_hostnames=True,
    tags={"Name": name},
)
aws.ec2.DefaultSecurityGroup("closed", vpc_id=vpc.id)  # no rules: nothing may use it

internet = aws.ec2.InternetGateway("internet", vpc_id=vpc.id, tags={"Name": name})
public = aws.ec2.RouteTable("public", vpc_id=vpc.id, tags={"Name": f"{name}-public"})
aws.ec2.Route(
    "public-default",
    route_table_id=public.id,
    destination_cidr_block="0.0.0.0/0",
    gateway_id=internet.id,
)

private_tables = []
private_subnets = []
for index, zone in enumerate(zones):
    edge = aws.ec2.Subnet(
        f"public-{zone}",
        vpc_id=vpc.id,
        availability_zone=zone,
        cidr_block=f"{first}.{second}.{index}.0/24",
        map_public_ip_on_launch=False,
        tags={"Name": f"{name}-public-{zone}"},
    )
    aws.ec2.RouteTableAssociation(f"public-{zone}", subnet_id=edge.id, route_table_id=public.id)
    inner = aws.ec2.Subnet(
        f"private-{zone}",
        vpc_id=vpc.id,
        availability_zone=zone,
        cidr_block=f"{first}.{second}.{16 * (index + 1)}.0/20",
        tags={"Name": f"{name}-private-{zone}"},
    )
    table = aws.ec2.RouteTable(f"private-{zone}", vpc_id=vpc.id, tags={"Name": f"{name}-private-{zone}"})
    aws.ec2.RouteTableAssociation(f"private-{zone}", subnet_id=inner.id, route_table_id=table.id)
    private_tables.append(table.id)
    private_subnets.append(inner.id)

endpoints = aws.ec2.SecurityGroup(
    "endpoints",
    name=f"{name}-endpoints",
    description="HTTPS from inside the network to the interface endpoints",
    vpc_id=vpc.id,
    tags={"Name": f"{name}-endpoints"},
)
aws.vpc.SecurityGroupIngressRule(
    "endpoints-https",
    security_group_id=endpoints.id,
    description="HTTPS from inside the network",
    cidr_ipv4=cidr,
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
)
aws.ec2.VpcEndpoint(
    "s3",
    vpc_id=vpc.id,
    service_name=f"com.amazonaws.{region}.s3",
    vpc_endpoint_type="Gateway",
    route_table_ids=private_tables,
    tags={"Name": f"{name}-s3"},
)
for service in ("sts", "secretsmanager", "logs"):
    aws.ec2.VpcEndpoint(
        service,
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{region}.{service}",
        vpc_endpoint_type="Interface",
        subnet_ids=private_subnets,
        security_group_ids=[endpoints.id],
        private_dns_enabled=True,
        tags={"Name": f"{name}-{service}"},
    )

flow_logs = aws.s3.Bucket("flow-logs", bucket=f"{name}-flow-logs")
closed = aws.s3.BucketPublicAccessBlock(
    "flow-logs",
    bucket=flow_logs.id,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
)
delivery = aws.s3.BucketPolicy(
    "flow-logs",
    bucket=flow_logs.id,
    policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Delivery",
                    "Effect": "Allow",
                    "Principal": {"Service": "delivery.logs.amazonaws.com"},
                    "Action": "s3:PutObject",
                    "Resource": f"arn:aws:s3:::{name}-flow-logs/*",
                    "Condition": {"StringEquals": {"aws:SourceAccount": settings.require("account")}},
                },
                {
                    "Sid": "DeliveryCheck",
                    "Effect": "Allow",
                    "Principal": {"Service": "delivery.logs.amazonaws.com"},
                    "Action": "s3:GetBucketAcl",
                    "Resource": f"arn:aws:s3:::{name}-flow-logs",
                    "Condition": {"StringEquals": {"aws:SourceAccount": settings.require("account")}},
                },
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [f"arn:aws:s3:::{name}-flow-logs", f"arn:aws:s3:::{name}-flow-logs/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
        }
    ),
    opts=pulumi.ResourceOptions(depends_on=[closed]),
)
aws.ec2.FlowLog(
    "main",
    vpc_id=vpc.id,
    traffic_type="ALL",
    log_destination_type="s3",
    log_destination=flow_logs.arn,
    max_aggregation_interval=60,
    tags={"Name": name},
    opts=pulumi.ResourceOptions(depends_on=[delivery]),
)

pulumi.export("vpc_id", vpc.id)
pulumi.export("private_subnet_ids", private_subnets)
