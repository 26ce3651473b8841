"""The provider on an AWS that throttles, or never gets ready."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from aws_programs import HEAD, AwsProgram
from local_callers import Caller

from prodfirst.adapters.pulumi.engine import Result
from prodfirst.adapters.pulumi.providers import ProviderCommand

_HARD = str(Path(__file__).parent / "hard_aws.py")
_VPC = (
    HEAD + 'aws.ec2.Vpc(\n    "v",\n    cidr_block="10.66.0.0/16",\n'
    '    opts=ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="2s")),\n)\n'
)


def _under(aws: AwsProgram, **conditions: str) -> AwsProgram:
    command = ProviderCommand("aws", (sys.executable, _HARD), conditions)
    return replace(aws, run=replace(aws.run, providers=(command,)))


def _vpcs(administrator: Caller) -> list[str]:
    chosen = [{"Name": "cidr", "Values": ["10.66.0.0/16"]}]
    return [item["VpcId"] for item in administrator.client("ec2").describe_vpcs(Filters=chosen)["Vpcs"]]


def test_a_call_that_is_throttled_is_made_again_and_comes_through_once(
    aws: AwsProgram, administrator: Caller
) -> None:
    throttled = _under(aws, THROTTLED="CreateVpc:3")
    throttled.up(_VPC)
    assert len(_vpcs(administrator)) == 1
    aws.destroy()


def test_what_does_not_get_ready_in_time_says_so_is_recorded_and_gone_on_with(
    aws: AwsProgram, administrator: Caller
) -> None:
    never = _under(aws, NEVER_READY="yes")
    never.program(_VPC)
    outcome = never.engine.update(never.run)
    assert outcome.result is Result.FAILED
    (id,) = _vpcs(administrator)
    (failure,) = outcome.failed
    (reason,) = (text for text in failure.reasons if "within" in text)
    assert f"vpc `{id}` available: not reached within 2 s" in reason
    assert "`custom_timeouts`" in reason
    assert str(failure.step.source) == "program/__main__.py:4:1"
    assert [item["id"] for item in aws.resources()] == [id]
    aws.up(_VPC)
    assert _vpcs(administrator) == [id]
    aws.destroy()


_GROUP = HEAD + 'aws.cloudwatch.LogGroup("g", name="unread", tags={"a": "1"})\n'


def test_what_was_made_and_could_not_be_looked_at_is_brought_to_its_end_by_the_next_run(
    aws: AwsProgram, administrator: Caller
) -> None:
    """The state has its inputs alone then, and no ARN."""
    unread = _under(aws, UNREADABLE="yes")
    unread.program(_GROUP)
    assert unread.engine.update(unread.run).result is Result.FAILED
    changed = _GROUP.replace('"1"', '"2"')
    aws.up(changed)
    (group,) = administrator.client("logs").describe_log_groups(logGroupNamePrefix="unread")["logGroups"]
    tags = administrator.client("logs").list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))
    assert tags["tags"]["a"] == "2"
    assert aws.unsettled(changed) == []
    aws.destroy()
