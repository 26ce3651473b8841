"""Topics, and who may publish to them."""

from __future__ import annotations

import json
from typing import Any

from prodfirst.providers.aws.resource import (
    Call,
    ResourceType,
    changed_tags,
    ignoring,
    tag_list,
    tag_map,
)
from prodfirst.providers.schema import Data, Prop, Schema, is_policy, same_json

_MISSING = ("NotFound", "NotFoundException", "ResourceNotFound")
_ATTRIBUTES = {
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "fifoTopic": "FifoTopic",
    "contentBasedDeduplication": "ContentBasedDeduplication",
}
"""Input → attribute of a topic; all are texts to the API."""
_SWITCHES = ("fifoTopic", "contentBasedDeduplication")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Topic(ResourceType):
    """Its id is its ARN."""

    token = "aws:sns/topic:Topic"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "displayName": Prop(),
            "kmsMasterKeyId": Prop(),
            "policy": Prop(computed=True, check=is_policy, document=True),
            "deliveryPolicy": Prop(same=same_json),
            "fifoTopic": Prop(replace=True, default=False),
            "contentBasedDeduplication": Prop(default=False),
        },
        outputs=("arn", "owner", "tagsAll"),
        stable=("arn", "owner"),
        tagged=True,
        elsewhere=("policy",),
    )

    def create(self, call: Call, inputs: Data) -> str:
        attributes = {name: _text(inputs[key]) for key, name in _ATTRIBUTES.items() if inputs.get(key)}
        made = call.client("sns").create_topic(
            Name=inputs["name"], Attributes=attributes, Tags=tag_list(call.tags(inputs))
        )
        return str(made["TopicArn"])

    def id_from(self, call: Call, inputs: Data) -> str:
        return f"arn:aws:sns:{call.region}:{call.account}:{inputs['name']}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = _attributes(call, id)
        if found is None:
            return None
        tags = call.client("sns").list_tags_for_resource(ResourceArn=id).get("Tags")
        shown = {key: found.get(name) or None for key, name in _ATTRIBUTES.items()}
        return {
            **shown,
            **{key: shown[key] == "true" for key in _SWITCHES},
            "name": id.rpartition(":")[2],
            "arn": id,
            "owner": found.get("Owner"),
            "tagsAll": tag_map(tags),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        sns = call.client("sns")
        for key, name in _ATTRIBUTES.items():
            prop = self.schema.inputs[key]
            if key not in new and prop.computed:
                continue
            before, after = old.get(key), new.get(key)
            if before != after and not (before and after and prop.means(before, after)):
                value = "" if after is None else _text(after)
                sns.set_topic_attributes(TopicArn=id, AttributeName=name, AttributeValue=value)
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            sns.untag_resource(ResourceArn=id, TagKeys=removed)
        if added:
            sns.tag_resource(ResourceArn=id, Tags=tag_list(added))

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_MISSING):
            call.client("sns").delete_topic(TopicArn=id)


class TopicPolicy(ResourceType):
    """The policy of a topic; its id is the topic's ARN."""

    token = "aws:sns/topicPolicy:TopicPolicy"
    named = "arn"
    schema = Schema(
        inputs={
            "arn": Prop(required=True, replace=True),
            "policy": Prop(required=True, check=is_policy, document=True),
        },
        outputs=("owner",),
        stable=("owner",),
    )

    def create(self, call: Call, inputs: Data) -> str:
        self._put(call, inputs["arn"], inputs["policy"])
        return str(inputs["arn"])

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        found = _attributes(call, id)
        if found is None:
            return None
        return {"arn": id, "policy": found.get("Policy"), "owner": found.get("Owner")}

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        self._put(call, id, new["policy"])

    def delete(self, call: Call, id: str, state: Data) -> None:
        """A topic always has a policy: it gets the one that SNS makes, as the original does."""
        owner = state.get("owner") or call.account
        with ignoring(*_MISSING):
            self._put(call, id, json.dumps(_default_policy(id, owner)))

    def _put(self, call: Call, topic: str, policy: str) -> None:
        call.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def _attributes(call: Call, topic: str) -> dict[str, str] | None:
    with ignoring(*_MISSING):
        found: dict[str, str] = call.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
        return found
    return None


def _default_policy(topic: str, owner: str) -> dict[str, Any]:
    actions = ("AddPermission", "DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic", "Publish",
               "RemovePermission", "SetTopicAttributes", "Subscribe")  # fmt: skip
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
