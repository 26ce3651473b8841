"""How something is noticed: SNS topics, EventBridge rules and targets, log groups."""

from __future__ import annotations

from prodfirst.permissions.aws.entry import READING, REFERENCE, Entry, calls, given, needs, rule
from prodfirst.permissions.aws.iam import pass_role
from prodfirst.permissions.aws.kms import under_key
from prodfirst.permissions.aws.scope import anywhere, arn
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.grants import Slot

_TOPIC = arn("sns", lambda subject: subject.name())
TOPIC = Entry(
    "aws:sns/topic:Topic",
    "aws_sns_topic",
    "sns",
    calls(
        create="CreateTopic GetTopicAttributes SetTopicAttributes TagResource UntagResource",
        read="GetTopicAttributes",
        update="GetTopicAttributes SetTopicAttributes",
        delete="DeleteTopic",
        tags="ListTagsForResource",
        retags="TagResource UntagResource",
    ),
    (
        rule("GetTopicAttributes ListTagsForResource", _TOPIC),
        rule("CreateTopic SetTopicAttributes DeleteTopic", _TOPIC),
        rule("TagResource UntagResource", _TOPIC),
    ),
    under_key("kmsMasterKeyId", "sns"),
)

_TOPIC_OF_INPUT = arn("sns", lambda subject: subject.named("arn"))
TOPIC_POLICY = Entry(
    "aws:sns/topicPolicy:TopicPolicy",
    "aws_sns_topic_policy",
    "sns",
    calls(
        create="GetTopicAttributes SetTopicAttributes",
        read="GetTopicAttributes",
        update="GetTopicAttributes SetTopicAttributes",
        delete="SetTopicAttributes",
    ),
    (
        rule("GetTopicAttributes", _TOPIC_OF_INPUT),
        rule("SetTopicAttributes", _TOPIC_OF_INPUT),
    ),
    provenance=READING,
)


def _bus(subject: Subject) -> str:
    return f"{subject.named('eventBusName')}/" if subject.given("eventBusName") else ""


_RULE = arn("events", lambda subject: f"rule/{_bus(subject)}{subject.name()}")
EVENT_RULE = Entry(
    "aws:cloudwatch/eventRule:EventRule",
    "aws_cloudwatch_event_rule",
    "events",
    calls(
        create="DescribeRule PutRule TagResource UntagResource",
        read="DescribeRule",
        update="DescribeRule PutRule",
        delete="DeleteRule",
        tags="ListTagsForResource",
        retags="TagResource UntagResource",
    ),
    (
        rule("DescribeRule ListTagsForResource", _RULE),
        rule("PutRule DeleteRule", _RULE),
        rule("TagResource UntagResource", _RULE),
    ),
)

_RULE_OF_INPUT = arn("events", lambda subject: f"rule/{_bus(subject)}{subject.named('rule')}")
EVENT_TARGET = Entry(
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws_cloudwatch_event_target",
    "events",
    calls(
        create="ListTargetsByRule PutTargets",
        read="ListTargetsByRule",
        update="ListTargetsByRule PutTargets",
        delete="RemoveTargets",
    ),
    (
        rule("ListTargetsByRule", _RULE_OF_INPUT),
        rule("PutTargets RemoveTargets", _RULE_OF_INPUT),
    ),
    (
        needs(
            "iam:PassRole",
            pass_role("roleArn", "events.amazonaws.com"),
            slots=(Slot.CREATE, Slot.UPDATE),
            why=f"{REFERENCE}: a target with a role passes it",
            when=given("roleArn"),
        ),
    ),
)

_GROUP = (
    arn("logs", lambda subject: f"log-group:{subject.name()}"),
    arn("logs", lambda subject: f"log-group:{subject.name()}:*"),
)
"""CloudWatch Logs user guide: tagging takes the ARN without `:*`, most other actions the one with it."""

LOG_GROUP = Entry(
    "aws:cloudwatch/logGroup:LogGroup",
    "aws_cloudwatch_log_group",
    "logs",
    calls(
        create="CreateLogGroup DescribeLogGroups PutRetentionPolicy",
        read="DescribeLogGroups",
        update="AssociateKmsKey DeleteRetentionPolicy DescribeLogGroups DisassociateKmsKey"
        " PutLogGroupDeletionProtection PutRetentionPolicy",
        delete="DeleteLogGroup",
        tags="ListTagsForResource",
        retags="TagResource UntagResource",
    ),
    (
        rule("CreateLogGroup DeleteLogGroup", *_GROUP),
        rule("PutRetentionPolicy DeleteRetentionPolicy PutLogGroupDeletionProtection", *_GROUP),
        rule("DescribeLogGroups", anywhere("log groups are described by prefix, not by ARN")),
        rule("AssociateKmsKey DisassociateKmsKey", *_GROUP, when=given("kmsKeyId")),
        rule("ListTagsForResource", *_GROUP),
        rule("TagResource UntagResource", *_GROUP),
    ),
    (
        needs(
            "logs:TagResource",
            *_GROUP,
            slots=(Slot.CREATE,),
            why=f"{REFERENCE}: `CreateLogGroup` with tags needs `logs:TagResource`",
        ),
    ),
)

ENTRIES = (TOPIC, TOPIC_POLICY, EVENT_RULE, EVENT_TARGET, LOG_GROUP)
