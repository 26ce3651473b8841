"""The aws provider on the real engine, against the local cloud: what a program's author sees."""

from __future__ import annotations

import json

import pytest
from aws_programs import HEAD, AwsProgram, aws_program
from engine_fixtures import Deployment
from local_callers import REGION, Caller, trusting

from prodfirst.adapters.pulumi.engine import Result
from prodfirst.kernel.errors import Failure
from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.planning.steps import Operation

_VPC = (
    HEAD + 'vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", tags={"a": "1"})\npulumi.export("id", vpc.id)\n'
)


@pytest.fixture
def vpc(aws: AwsProgram) -> AwsProgram:
    """With one VPC."""
    aws.up(_VPC)
    return aws


def test_an_update_in_place(vpc: AwsProgram, administrator: Caller) -> None:
    source = _VPC.replace('"1"', '"2"')
    assert vpc.steps(source) == {"v": Operation.UPDATE}
    assert vpc.changes(source, "v") == {"tags.a": False}
    vpc.up(source)
    (found,) = administrator.client("ec2").describe_vpcs(VpcIds=[vpc.output("id")])["Vpcs"]
    assert {"Key": "a", "Value": "2"} in found["Tags"]


def test_what_cannot_be_changed_in_place_is_replaced_and_the_old_one_goes(
    vpc: AwsProgram, administrator: Caller
) -> None:
    old = vpc.output("id")
    source = _VPC.replace("10.0.0.0/16", "10.9.0.0/16")
    assert vpc.changes(source, "v") == {"cidrBlock": True}
    vpc.up(source)
    listed = {item["VpcId"] for item in administrator.client("ec2").describe_vpcs()["Vpcs"]}
    assert vpc.output("id") in listed
    assert old not in listed


def test_a_refresh_sees_what_changed_and_what_is_gone(vpc: AwsProgram, administrator: Caller) -> None:
    ec2, id = administrator.client("ec2"), vpc.output("id")
    ec2.modify_vpc_attribute(VpcId=id, EnableDnsHostnames={"Value": True})
    (drift,) = vpc.engine.refresh(vpc.run)
    assert [(change.path, change.old, change.new) for change in drift.changes] == [
        ("enableDnsHostnames", False, True)
    ]
    ec2.delete_vpc(VpcId=id)
    (gone,) = vpc.engine.refresh(vpc.run)
    assert gone.gone


def test_an_import_adopts_what_is_there(aws: AwsProgram, administrator: Caller) -> None:
    made = administrator.client("ec2").create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    source = HEAD + (f'aws.ec2.Vpc("v", cidr_block="10.7.0.0/16", opts=ResourceOptions(import_="{made}"))\n')
    assert aws.steps(source) == {"v": Operation.IMPORT}
    aws.up(source)
    assert aws.steps(source) == {"v": Operation.SAME}


def test_two_instances_with_two_regions(aws: AwsProgram, administrator: Caller) -> None:
    source = HEAD + (
        'for region in ("eu-central-1", "eu-west-1"):\n'
        "    there = aws.Provider(region, region=region)\n"
        '    key = aws.kms.Key(f"k-{region}", opts=ResourceOptions(provider=there))\n'
        '    pulumi.export(region, key.arn)\n'
    )  # fmt: skip
    aws.up(source)
    assert aws.output("eu-central-1").startswith("arn:aws:kms:eu-central-1:")
    assert aws.output("eu-west-1").startswith("arn:aws:kms:eu-west-1:")
    id = aws.output("eu-west-1").rpartition("/")[2]
    assert administrator.client("kms", "eu-west-1").describe_key(KeyId=id)["KeyMetadata"]["Enabled"]


@pytest.mark.parametrize(
    ("arguments", "says", "column"),
    [
        ('cidr_block="10.0.0.0/33"', "does not appear to be an IPv4 or IPv6 network", 18),
        ("", "`cidrBlock` is required", 1),
        ('cidr_block="10.0.0.0/16", ipv4_ipam_pool_id="x"', "`ipv4IpamPoolId` is not supported", 44),
    ],
)
def test_a_wrong_input_is_refused_in_the_plan_where_it_is_written(
    aws: AwsProgram, arguments: str, says: str, column: int
) -> None:
    aws.program(HEAD + f'aws.ec2.Vpc("v", {arguments})\n')
    with pytest.raises(Failure) as caught:
        aws.engine.preview(aws.run)
    (problem,) = caught.value.problems
    assert says in problem.why
    assert str(problem.where) == f"program/__main__.py:4:{column}"


def test_a_wrong_input_that_is_secret_is_not_told(aws: AwsProgram) -> None:
    aws.program(HEAD + 'aws.ec2.Vpc("v", cidr_block=pulumi.Output.secret("10.31.0.0/33"))\n')
    with pytest.raises(Failure) as caught:
        aws.engine.preview(aws.run)
    assert "`cidrBlock` of `v`" in str(caught.value)
    assert "10.31" not in str(caught.value)


def test_a_type_that_it_does_not_know_is_refused_by_name(aws: AwsProgram) -> None:
    aws.program(HEAD + 'aws.sqs.Queue("q")\n')
    with pytest.raises(Failure, match=r"`aws:sqs/queue:Queue` is not supported by the local provider yet"):
        aws.engine.preview(aws.run)


def test_a_foreign_account_is_refused_before_the_first_change(aws: AwsProgram) -> None:
    source = HEAD + (
        'there = aws.Provider("p", region="eu-central-1", allowed_account_ids=["999999999999"])\n'
        'aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=there))\n'
    )
    aws.program(source)
    outcome = aws.engine.update(aws.run)
    assert outcome.result is Result.FAILED
    assert "is not one of 999999999999" in str(outcome.problems)


def test_a_resource_that_was_made_by_half_is_recorded_and_completed_later(
    deployment: Deployment, cloud: LocalCloud, administrator: Caller
) -> None:
    """The identity may create a bucket, and not tag it: a real denial between two calls."""
    iam = administrator.client("iam")
    role = iam.create_role(RoleName="half", AssumeRolePolicyDocument=json.dumps(trusting()))["Role"]["Arn"]

    def allow(*actions: str) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_role_policy(RoleName="half", PolicyName="p", PolicyDocument=json.dumps(document))

    allow("s3:CreateBucket", "s3:ListBucket", "s3:GetBucketTagging")
    taken = administrator.assuming(role)
    environment = {
        **cloud.environment(REGION),
        "AWS_ACCESS_KEY_ID": taken.key,
        "AWS_SECRET_ACCESS_KEY": taken.secret,
        "AWS_SESSION_TOKEN": str(taken.token),
    }
    half = aws_program(deployment, environment)
    half.program(HEAD + 'aws.s3.Bucket("b", bucket="made-by-half", tags={"a": "1"})\n')
    outcome = half.engine.update(half.run)
    assert outcome.result is Result.FAILED
    assert "PutBucketTagging" in str(outcome.problems)
    kept = [
        r for r in half.state()["checkpoint"]["latest"]["resources"] if r["type"] == "aws:s3/bucket:Bucket"
    ]
    assert [item["id"] for item in kept] == ["made-by-half"]
    allow("s3:*")
    assert half.engine.update(half.run).problems == ()
    tags = administrator.client("s3").get_bucket_tagging(Bucket="made-by-half")["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}]


def test_names_are_made_up_once_and_kept(aws: AwsProgram) -> None:
    source = HEAD + 'pulumi.export("name", aws.s3.Bucket("b").bucket)\n'
    aws.up(source)
    name = aws.output("name")
    assert len(name) == len("b-") + 7
    assert aws.steps(source) == {"b": Operation.SAME}
    aws.up(source)
    assert aws.output("name") == name
