"""Secrets, and an alarm on a break-glass role, as stacks declare them."""

from __future__ import annotations

import json

import pytest
from aws_programs import HEAD, AwsProgram
from botocore.exceptions import ClientError
from local_callers import Caller

from prodfirst.kernel.errors import Failure
from prodfirst.planning.steps import Operation

_ALARM = (
    HEAD
    + """
topic = aws.sns.Topic("t", name="alarms", display_name="d", tags={"a": "1"})
allowed = aws.sns.TopicPolicy("p", arn=topic.arn, policy=topic.arn.apply(lambda arn: json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                   "Action": "sns:Publish", "Resource": arn}],
})))
rule = aws.cloudwatch.EventRule("r", name="break-glass", description="d", tags={"a": "1"},
    event_pattern=json.dumps({"source": ["aws.sts"], "detail": {"eventName": ["AssumeRole"]}}))
target = aws.cloudwatch.EventTarget("g", rule=rule.name, target_id="topic", arn=topic.arn)
logs = aws.cloudwatch.LogGroup("l", name="/aws/eks/acme/cluster", retention_in_days=30, tags={"a": "1"})
pulumi.export("topic", topic.arn)
"""
)


def test_an_alarm_from_the_first_up_to_nothing(aws: AwsProgram, administrator: Caller) -> None:
    aws.up(_ALARM)
    assert aws.unsettled(_ALARM) == []

    changed = _ALARM
    for old, new in (
        ('display_name="d"', 'display_name="e"'),
        ('"sns:Publish"', '["sns:Publish", "sns:Subscribe"]'),
        ('"AssumeRole"', '"AssumeRole", "GetFederationToken"'),
        ("arn=topic.arn)\nlogs", 'arn=topic.arn, input=json.dumps({"what": "alarm"}))\nlogs'),
        ("retention_in_days=30", "retention_in_days=90"),
        ('"a": "1"', '"a": "2"'),
    ):
        assert old in changed
        changed = changed.replace(old, new)
    assert aws.steps(changed) == dict.fromkeys("tprgl", Operation.UPDATE)
    aws.up(changed)
    topic = aws.output("topic")
    found = administrator.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert found["DisplayName"] == "e"
    assert "sns:Subscribe" in found["Policy"]
    (there,) = administrator.client("events").list_targets_by_rule(Rule="break-glass")["Targets"]
    assert (there["Arn"], json.loads(there["Input"])) == (topic, {"what": "alarm"})
    (group,) = administrator.client("logs").describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 90
    assert aws.unsettled(changed) == []

    other = changed.replace('name="break-glass"', 'name="other"').replace("/aws/eks/acme", "/aws/eks/other")
    assert aws.changes(other, "r") == {"name": True}
    assert aws.changes(other, "l") == {"name": True}
    aws.destroy()
    assert administrator.client("events").list_rules()["Rules"] == []
    assert administrator.client("sns").list_topics()["Topics"] == []
    assert administrator.client("logs").describe_log_groups()["logGroups"] == []


def test_what_is_there_is_imported(aws: AwsProgram, administrator: Caller) -> None:
    topic = administrator.client("sns").create_topic(Name="there")["TopicArn"]
    events = administrator.client("events")
    events.put_rule(Name="there", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule="there", Targets=[{"Id": "t", "Arn": topic}])
    administrator.client("logs").create_log_group(logGroupName="/there")
    secret = administrator.client("secretsmanager").create_secret(Name="there")["ARN"]
    source = (
        HEAD
        + f'''
take = lambda id: ResourceOptions(import_=id)
aws.sns.Topic("t", name="there", opts=take("{topic}"))
aws.cloudwatch.EventRule("r", name="there", schedule_expression="rate(1 day)", opts=take("there"))
aws.cloudwatch.EventTarget("g", rule="there", target_id="t", arn="{topic}", opts=take("there/t"))
aws.cloudwatch.LogGroup("l", name="/there", opts=take("/there"))
aws.secretsmanager.Secret("s", name="there", recovery_window_in_days=30, opts=take("{secret}"))
'''
    )
    assert aws.steps(source) == dict.fromkeys("trgls", Operation.IMPORT)
    aws.up(source)
    assert aws.unsettled(source) == []


_SECRET = (
    HEAD
    + """
secret = aws.secretsmanager.Secret("s", name="token", description="d", recovery_window_in_days=0,
                                   tags={"a": "1"})
version = aws.secretsmanager.SecretVersion("v", secret_id=secret.id, secret_string="first-secret-value")
pulumi.export("version", version.version_id)
"""
)


def test_a_secret_from_the_first_up_to_nothing(aws: AwsProgram, administrator: Caller) -> None:
    client = administrator.client("secretsmanager")
    aws.up(_SECRET)
    assert client.get_secret_value(SecretId="token")["SecretString"] == "first-secret-value"
    assert "first-secret-value" not in json.dumps(aws.state())
    assert aws.unsettled(_SECRET) == []

    changed = _SECRET.replace("first-", "second-").replace('description="d"', 'description="e"')
    assert aws.changes(changed, "v") == {"secretString": True}
    aws.up(changed)
    assert client.get_secret_value(SecretId="token")["SecretString"] == "second-secret-value"
    assert client.describe_secret(SecretId="token")["Description"] == "e"
    assert aws.unsettled(changed) == []

    aws.destroy()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.describe_secret(SecretId="token")


def test_a_version_needs_one_value(aws: AwsProgram) -> None:
    aws.program(HEAD + 'aws.secretsmanager.SecretVersion("v", secret_id="x")\n')
    with pytest.raises(Failure, match="one of `secretString` and `secretBinary`"):
        aws.engine.preview(aws.run)
