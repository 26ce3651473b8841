"""From resource graphs to permissions: what is granted, on what, and what is refused by name."""

from __future__ import annotations

import re

import pytest
from permission_layouts import allowed, estate, graph, lock, resource, tags, urn

from prodfirst.estate.definition import StackName
from prodfirst.kernel.errors import InvalidInput
from prodfirst.permissions.aws.actions import READING_LEVELS, level
from prodfirst.permissions.lock import text_of
from prodfirst.permissions.synthesis import lock_of
from prodfirst.resources.graph import ResourceGraph
from prodfirst.resources.values import UNKNOWN

VPC, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
BUCKET, POLICY = "aws:s3/bucket:Bucket", "aws:s3/bucketPolicy:BucketPolicy"
EC2 = "arn:aws:ec2:eu-central-1:111122223333"
S3 = "arn:aws:s3:::acme-staging-shop"

NETWORK = (
    resource(VPC, "main", cidrBlock="10.0.0.0/16"),
    resource(SUBNET, "a", 7, after={"vpcId": urn(VPC, "main")}, vpcId=UNKNOWN, cidrBlock="10.0.1.0/24"),
)


def test_the_plan_identity_only_reads() -> None:
    held = lock(*NETWORK, resource(BUCKET, "data", bucket="acme-staging-shop"))
    assert {level(action) for item in held.plan for action in item.actions} <= READING_LEVELS
    assert allowed(held, "plan", "ec2:DescribeSubnets", "*")
    assert not allowed(held, "plan", "ec2:DeleteSubnet", f"{EC2}:subnet/s-1", tags())


def test_a_generated_id_is_scoped_by_the_tags_of_the_stack() -> None:
    held = lock(*NETWORK)
    assert allowed(held, "apply", "ec2:DeleteSubnet", f"{EC2}:subnet/s-1", tags())
    for other in (tags("network"), tags(environment="production"), {}):
        assert not allowed(held, "apply", "ec2:DeleteSubnet", f"{EC2}:subnet/s-1", other)


def test_what_is_made_must_carry_the_tags_of_the_stack() -> None:
    held = lock(*NETWORK)
    assert allowed(held, "apply", "ec2:CreateSubnet", f"{EC2}:subnet/*", tags(kind="Request"))
    assert not allowed(held, "apply", "ec2:CreateSubnet", f"{EC2}:subnet/*", tags("network", "Request"))
    assert not allowed(held, "apply", "ec2:CreateSubnet", f"{EC2}:subnet/*")


def test_tags_are_set_in_the_call_that_makes_and_later_never_those_that_say_whose_it_is() -> None:
    held = lock(*NETWORK)
    made = tags(kind="Request")
    subnet = f"{EC2}:subnet/s-1"
    assert allowed(held, "apply", "ec2:CreateTags", subnet, {**made, "ec2:CreateAction": "CreateSubnet"})
    assert not allowed(held, "apply", "ec2:CreateTags", subnet, {**made, "ec2:CreateAction": "RunInstances"})
    assert not allowed(held, "apply", "ec2:CreateTags", subnet, {**made, **tags("network")})
    own = {**tags(), "aws:TagKeys": "Name"}
    assert allowed(held, "apply", "ec2:CreateTags", subnet, own)
    assert allowed(held, "apply", "ec2:DeleteTags", subnet, own)
    assert not allowed(held, "apply", "ec2:DeleteTags", subnet, {**own, "aws:TagKeys": ["prodfirst:stack"]})


def test_a_vpc_of_another_stack_is_usable_only_if_its_contract_is_read() -> None:
    foreign = resource(SUBNET, "a", vpcId=UNKNOWN)
    reads = lock(foreign, of=estate(reads={"network": ["vpc_id"]}))
    assert allowed(reads, "apply", "ec2:CreateSubnet", f"{EC2}:vpc/v-1", tags("network"))
    assert not allowed(reads, "apply", "ec2:CreateSubnet", f"{EC2}:vpc/v-1", tags("storage"))
    assert not allowed(reads, "apply", "ec2:DeleteVpc", f"{EC2}:vpc/v-1", tags("network"))
    assert not allowed(lock(foreign), "apply", "ec2:CreateSubnet", f"{EC2}:vpc/v-1", tags("network"))


def test_a_bucket_is_scoped_by_its_name_also_where_another_resource_refers_to_it() -> None:
    data = resource(BUCKET, "data", bucket="acme-staging-shop")
    policy = resource(POLICY, "data", after={"bucket": data.urn}, bucket=UNKNOWN, policy="{}")
    held = lock(data, policy)
    assert allowed(held, "apply", "s3:PutBucketPolicy", S3)
    assert not allowed(held, "apply", "s3:PutBucketPolicy", "arn:aws:s3:::acme-staging-network")
    assert not allowed(held, "apply", "s3:DeleteObject", f"{S3}/a")
    emptied = lock(resource(BUCKET, "data", bucket="acme-staging-shop", forceDestroy=True))
    assert allowed(emptied, "apply", "s3:DeleteObjectVersion", f"{S3}/a")


def test_a_name_that_the_engine_makes_up_is_a_pattern_of_its_length() -> None:
    held = lock(resource(BUCKET, "data"))
    assert allowed(held, "apply", "s3:DeleteBucket", "arn:aws:s3:::data-1a2b3c4")
    assert not allowed(held, "apply", "s3:DeleteBucket", "arn:aws:s3:::data-of-somebody")


def test_a_name_that_is_known_after_apply_only_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidInput) as refused:
        lock(resource(POLICY, "data", 12, bucket=UNKNOWN, policy="{}"))
    (problem,) = refused.value.problems
    assert problem.what == f"`bucket` of `data` ({POLICY}) is known after apply only"
    assert str(problem.where) == "shop/__main__.py:12:1"
    assert "prodfirst:prefix" in problem.fix


def test_types_without_an_entry_are_refused_all_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        lock(resource("aws:sqs/queue:Queue", "jobs", 3), resource("azure-native:web:WebApp", "app", 4))
    told = [(str(item.where), item.what) for item in refused.value.problems]
    assert [where for where, _ in told] == ["shop/__main__.py:3:1", "shop/__main__.py:4:1"]
    assert "aws:sqs/queue:Queue" in told[0][1]


def test_a_function_that_asks_the_cloud_needs_it_too() -> None:
    place = estate()
    stack = place.stacks[StackName("shop")]
    asking = ResourceGraph((), ("aws:ec2/getVpc:getVpc", "aws:index/getRegion:getRegion"))
    held = lock_of(place, stack, {"staging": asking})
    assert allowed(held, "plan", "ec2:DescribeVpcs", "*")
    with pytest.raises(InvalidInput, match="aws:rds/getCluster:getCluster"):
        lock_of(place, stack, {"staging": ResourceGraph((), ("aws:rds/getCluster:getCluster",))})


def test_a_role_is_passed_only_where_an_input_names_one_and_only_to_its_service() -> None:
    role = resource("aws:iam/role:Role", "logs", name="acme-staging-logs", path="/shop/")
    flow = "aws:ec2/flowLog:FlowLog"
    logs = resource(flow, "main", after={"iamRoleArn": role.urn}, vpcId="vpc-1", iamRoleArn=UNKNOWN)
    arn = "arn:aws:iam::111122223333:role/shop/acme-staging-logs"
    held = lock(role, logs)
    assert allowed(held, "apply", "iam:PassRole", arn, {"iam:PassedToService": "vpc-flow-logs.amazonaws.com"})
    assert not allowed(held, "apply", "iam:PassRole", arn, {"iam:PassedToService": "ec2.amazonaws.com"})
    bare = lock(
        resource(flow, "main", vpcId="vpc-1", logDestinationType="s3", logDestination="arn:aws:s3:::b")
    )
    assert "iam:PassRole" not in text_of(bare)
    assert allowed(bare, "apply", "logs:CreateLogDelivery", "*")


def test_a_role_is_made_only_with_the_boundary_that_the_program_attaches() -> None:
    boundary = "arn:aws:iam::111122223333:policy/acme-staging-boundary"
    held = lock(resource("aws:iam/role:Role", "r", name="worker", permissionsBoundary=boundary))
    arn = "arn:aws:iam::111122223333:role/worker"
    assert allowed(held, "apply", "iam:CreateRole", arn, {"iam:PermissionsBoundary": boundary})
    assert not allowed(held, "apply", "iam:CreateRole", arn)
    assert not allowed(held, "apply", "iam:DeleteRolePermissionsBoundary", arn)


def test_a_managed_password_needs_the_secret_that_the_database_makes() -> None:
    cluster = "aws:rds/cluster:Cluster"
    secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!cluster-1-abcdef"
    managed = lock(resource(cluster, "db", clusterIdentifier="shop", manageMasterUserPassword=True))
    assert allowed(managed, "apply", "secretsmanager:CreateSecret", secret)
    assert not allowed(managed, "apply", "secretsmanager:GetSecretValue", secret)
    assert "secretsmanager" not in text_of(lock(resource(cluster, "db", clusterIdentifier="shop")))


def test_environments_differ_by_placeholders_alone() -> None:
    both = estate("staging", "production")
    graphs: dict[str, ResourceGraph] = {
        name: graph(resource(BUCKET, "data", bucket=f"acme-{name}-shop")) for name in both.environments
    }
    held = lock_of(both, both.stacks[StackName("shop")], graphs)
    assert all(not item.environments for item in (*held.plan, *held.apply))
    assert set(re.findall(r"arn:aws:s3:::[^\"]+", text_of(held))) == {"arn:aws:s3:::acme-${environment}-shop"}
    production = "arn:aws:s3:::acme-production-shop"
    assert allowed(held, "apply", "s3:DeleteBucket", production, environment="production")
    assert not allowed(held, "apply", "s3:DeleteBucket", production, environment="staging")


def test_what_one_environment_alone_needs_is_held_there_alone() -> None:
    both = estate("staging", "production")
    data, more = (resource(BUCKET, name, bucket=name) for name in ("data", "more"))
    graphs = {"staging": graph(data), "production": graph(data, more)}
    held = lock_of(both, both.stacks[StackName("shop")], graphs)
    assert allowed(held, "apply", "s3:DeleteBucket", "arn:aws:s3:::more", environment="production")
    assert not allowed(held, "apply", "s3:DeleteBucket", "arn:aws:s3:::more", environment="staging")


def test_the_order_of_resources_and_of_environments_has_no_say() -> None:
    both = estate("staging", "production")
    stack = both.stacks[StackName("shop")]
    one = lock_of(both, stack, {"staging": graph(*NETWORK), "production": graph(*NETWORK)})
    other = lock_of(both, stack, {"production": graph(*NETWORK[::-1]), "staging": graph(*NETWORK[::-1])})
    assert text_of(one) == text_of(other)


def test_a_moved_line_changes_nothing() -> None:
    moved = resource(BUCKET, "data", 99, bucket="b")
    assert text_of(lock(resource(BUCKET, "data", 1, bucket="b"))) == text_of(lock(moved))
