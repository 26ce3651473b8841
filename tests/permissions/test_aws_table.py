"""The table of AWS types: nothing that the original provider calls is passed over in silence."""

from __future__ import annotations

import pytest

from prodfirst.permissions.aws.actions import READING_LEVELS, level
from prodfirst.permissions.aws.entry import Entry
from prodfirst.permissions.aws.table import TABLE
from prodfirst.permissions.grants import Slot
from prodfirst.providers.aws.types import TYPES

ENTRIES = pytest.mark.parametrize("entry", TABLE.values(), ids=lambda entry: entry.type)

WANTED = """
aws:ssm/parameter:Parameter aws:rds/cluster:Cluster aws:rds/clusterInstance:ClusterInstance
aws:rds/subnetGroup:SubnetGroup aws:rds/clusterParameterGroup:ClusterParameterGroup aws:iam/role:Role
aws:iam/rolePolicy:RolePolicy aws:iam/policy:Policy aws:iam/rolePolicyAttachment:RolePolicyAttachment
aws:iam/openIdConnectProvider:OpenIdConnectProvider aws:secretsmanager/secret:Secret aws:sns/topic:Topic
aws:sns/topicPolicy:TopicPolicy aws:cloudwatch/eventRule:EventRule aws:cloudwatch/eventTarget:EventTarget
aws:cloudwatch/logGroup:LogGroup aws:eks/cluster:Cluster aws:eks/accessEntry:AccessEntry
aws:eks/accessPolicyAssociation:AccessPolicyAssociation aws:eks/podIdentityAssociation:PodIdentityAssociation
aws:eks/nodeGroup:NodeGroup aws:eks/addon:Addon
"""


def test_every_type_that_the_product_makes_is_known() -> None:
    assert set(TYPES) | set(WANTED.split()) <= set(TABLE)


@ENTRIES
def test_every_call_has_a_rule_or_a_reason_why_not(entry: Entry) -> None:
    called = {operation for _, operation in entry.operations()}
    ruled = {name for name in called if entry.rule(name)}
    assert called - ruled - set(entry.left_out) == set()
    assert ruled & set(entry.left_out) == set()
    assert set(entry.left_out) <= called, "a reason for a call that is never made"
    assert all(len(why) > 20 for why in entry.left_out.values())


@ENTRIES
def test_every_type_is_made_read_and_removed(entry: Entry) -> None:
    assert entry.calls[Slot.CREATE]
    assert entry.calls[Slot.READ]
    adopted = entry.type == "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    assert entry.calls[Slot.DELETE] or adopted


@ENTRIES
def test_reading_takes_actions_that_read(entry: Entry) -> None:
    for slot, operation in entry.operations():
        rule = entry.rule(operation)
        if slot is Slot.READ and rule is not None:
            actions = rule.actions or (entry.qualified(operation),)
            assert {level(action) for action in actions} <= READING_LEVELS, operation


@ENTRIES
def test_every_action_is_one_of_aws(entry: Entry) -> None:
    for _, operation in entry.operations():
        rule = entry.rule(operation)
        for action in (rule.actions or (entry.qualified(operation),)) if rule else ():
            level(action)
    for item in entry.prerequisites:
        for action in item.actions:
            level(action)
        assert item.why


@ENTRIES
def test_every_entry_says_where_its_facts_come_from(entry: Entry) -> None:
    assert "terraform-provider-aws" in entry.provenance
    assert entry.origin.startswith("aws_")
