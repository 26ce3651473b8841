"""Break-glass on AWS: a role that nobody takes on in ordinary life, and the alarm that it raises.

Its trust asks for a person of one group with a second factor of the last minutes, in the environment's own
region: there is the rule that sees it, and STS elsewhere would be out of its sight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prodfirst.permissions.policies import Policy, policy, statement

FACTOR_SECONDS = 900
"""How old the second factor may be."""
PURPOSE = "prodfirst:purpose"
ALARM = "alarm"
"""Value of the tag `PURPOSE` of the key under the alarm's topic."""
STATE = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
"""AssumeRole counts as a read-only event, which a rule in the state `ENABLED` does not see (EventBridge User
Guide, "Receiving read-only management events from AWS services")."""


def break_glass_trust(account: str, region: str, group_tag: str, group: str) -> Policy:
    """People of `group`, by the tag of their session, with a fresh second factor."""
    entry: dict[str, Any] = {
        "Sid": "PeopleWithASecondFactor",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {f"aws:PrincipalTag/{group_tag}": group, "aws:RequestedRegion": region},
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "NumericLessThanEquals": {"aws:MultiFactorAuthAge": str(FACTOR_SECONDS)},
        },
    }
    return policy(entry)


def alarm_pattern(role: str) -> dict[str, Any]:
    """Every attempt to take on the role (an ARN), refused ones too, as CloudTrail tells EventBridge."""
    return {
        "source": ["aws.sts"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["sts.amazonaws.com"],
            "eventName": ["AssumeRole"],
            "requestParameters": {"roleArn": [role]},
        },
    }


def alarm_key_policy(account: str) -> Policy:
    """The account administers the key; EventBridge uses it to publish (SNS Developer Guide, "Enable
    compatibility between event sources from AWS services and encrypted topics")."""
    return policy(
        {**statement("Account", ["kms:*"], ["*"]), "Principal": {"AWS": f"arn:aws:iam::{account}:root"}},
        {
            **statement("Rule", ["kms:Decrypt", "kms:GenerateDataKey*"], ["*"]),
            "Principal": {"Service": "events.amazonaws.com"},
        },
    )


def alarm_topic_policy(topic: str, rule: str) -> Policy:
    """The rule alone publishes (both ARNs)."""
    return policy(
        {
            **statement("Rule", ["sns:Publish"], [topic], condition={"ArnEquals": {"aws:SourceArn": rule}}),
            "Principal": {"Service": "events.amazonaws.com"},
        }
    )


def alarm_key(tags: Mapping[str, str], changes: Sequence[str], pattern: str) -> list[dict[str, Any]]:
    """Statements that make, and by `changes` administer, the key under the topic: it carries `tags` and its
    purpose. No other key is made one of these: a key that somebody's tags are on is not tagged again."""
    own = {**tags, PURPOSE: ALARM}
    asked = {f"aws:RequestTag/{key}": value for key, value in own.items()}
    nobody = {"aws:ResourceTag/prodfirst:stack": "true"}
    return [
        statement("MakeAlarmKey", ["kms:CreateKey"], ["*"], condition={"StringEquals": asked}),
        statement(
            "TagAlarmKey",
            ["kms:TagResource"],
            [pattern],
            condition={"StringEquals": asked, "Null": nobody},
        ),
        statement(
            "AlarmKey",
            changes,
            [pattern],
            condition={"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in own.items()}},
        ),
    ]
