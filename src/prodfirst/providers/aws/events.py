"""Rules of EventBridge and their targets: what raises an alarm."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from prodfirst.providers.aws.resource import (
    Call,
    ResourceType,
    changed_tags,
    ignoring,
    requested,
    tag_list,
    tag_map,
)
from prodfirst.providers.schema import Data, Failure, Prop, Schema, same_json

_MISSING = ("ResourceNotFoundException",)
_DEFAULT = "default"


def _has_source(inputs: Data) -> Failure | None:
    if "eventPattern" not in inputs and "scheduleExpression" not in inputs:
        return Failure("eventPattern", "one of `eventPattern` and `scheduleExpression` must be given")
    return None


class EventRule(ResourceType):
    """Its id is its name on the default bus, `BUS/NAME` on another."""

    token = "aws:cloudwatch/eventRule:EventRule"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "eventBusName": Prop(replace=True, default=_DEFAULT),
            "eventPattern": Prop(same=same_json),
            "scheduleExpression": Prop(),
            "description": Prop(),
            "roleArn": Prop(),
            "state": Prop(default="ENABLED"),
            "forceDestroy": Prop(default=False),
        },
        outputs=("arn", "tagsAll"),
        stable=("arn",),
        tagged=True,
        checks=(_has_source,),
    )
    _shown = {  # noqa: RUF012
        "name": "Name",
        "eventBusName": "EventBusName",
        "eventPattern": "EventPattern",
        "scheduleExpression": "ScheduleExpression",
        "description": "Description",
        "roleArn": "RoleArn",
        "state": "State",
        "arn": "Arn",
    }

    def create(self, call: Call, inputs: Data) -> str:
        self._put(call, inputs, Tags=tag_list(call.tags(inputs)))
        bus, name = inputs["eventBusName"], inputs["name"]
        return str(name) if bus == _DEFAULT else f"{bus}/{name}"

    def id_from(self, call: Call, inputs: Data) -> str:
        bus, name = inputs["eventBusName"], inputs["name"]
        return str(name) if bus == _DEFAULT else f"{bus}/{name}"

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        bus, name = _rule(id)
        events = call.client("events")
        with ignoring(*_MISSING):
            found = events.describe_rule(Name=name, EventBusName=bus)
            return {
                **{key: found.get(member) or None for key, member in self._shown.items()},
                "forceDestroy": known.get("forceDestroy", False),
                "tagsAll": tag_map(events.list_tags_for_resource(ResourceARN=found["Arn"]).get("Tags")),
            }
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        if any(old.get(key) != new.get(key) for key in self._shown if key in self.schema.inputs):
            self._put(call, {"description": "", **new})
        events = call.client("events")
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            events.untag_resource(ResourceARN=old["arn"], TagKeys=removed)
        if added:
            events.tag_resource(ResourceARN=old["arn"], Tags=tag_list(added))

    def delete(self, call: Call, id: str, state: Data) -> None:
        bus, name = _rule(id)
        with ignoring(*_MISSING):
            call.client("events").delete_rule(
                Name=name, EventBusName=bus, Force=bool(state.get("forceDestroy"))
            )

    def _put(self, call: Call, inputs: Data, **more: Any) -> None:
        names = {key: member for key, member in self._shown.items() if key in self.schema.inputs}
        call.client("events").put_rule(**requested(inputs, names), **more)


def _rule(id: str) -> tuple[str, str]:
    bus, _, name = id.rpartition("/")
    return bus or _DEFAULT, name


def _target(inputs: Data) -> str:
    made_up = f"pulumi-{hashlib.sha256(inputs['arn'].encode()).hexdigest()[:16]}"
    return str(inputs.get("targetId") or made_up)


class EventTarget(ResourceType):
    """Its id is `RULE-TARGET`, as in the original; it is imported by `[BUS/]RULE/TARGET`."""

    token = "aws:cloudwatch/eventTarget:EventTarget"
    schema = Schema(
        inputs={
            "rule": Prop(required=True, replace=True),
            "eventBusName": Prop(replace=True, default=_DEFAULT),
            "targetId": Prop(replace=True, computed=True),
            "arn": Prop(required=True),
            "roleArn": Prop(),
            "input": Prop(same=same_json),
            "inputPath": Prop(),
            "inputTransformer": Prop(),
            "deadLetterConfig": Prop(),
            "retryPolicy": Prop(),
            "forceDestroy": Prop(default=False),
        },
    )
    _plain = {"arn": "Arn", "roleArn": "RoleArn", "input": "Input", "inputPath": "InputPath"}  # noqa: RUF012
    _nested = {  # noqa: RUF012
        "inputTransformer": (
            "InputTransformer",
            {"inputPaths": "InputPathsMap", "inputTemplate": "InputTemplate"},
        ),
        "deadLetterConfig": ("DeadLetterConfig", {"arn": "Arn"}),
        "retryPolicy": (
            "RetryPolicy",
            {
                "maximumEventAgeInSeconds": "MaximumEventAgeInSeconds",
                "maximumRetryAttempts": "MaximumRetryAttempts",
            },
        ),
    }

    def imported(self, id: str) -> tuple[str, Data]:
        place, _, target = id.rpartition("/")
        bus, rule = _rule(place)
        return f"{rule}-{target}", {"rule": rule, "targetId": target, "eventBusName": bus}

    def create(self, call: Call, inputs: Data) -> str:
        target = _target(inputs)
        self._put(call, target, inputs)
        return f"{inputs['rule']}-{target}"

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """By its name, which follows from what it sends to."""
        id = f"{inputs['rule']}-{_target(inputs)}"
        return (id,) if self.read(call, id, inputs) is not None else ()

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        target = known.get("targetId") or id.removeprefix(f"{known['rule']}-")
        pages = call.client("events").get_paginator("list_targets_by_rule")
        with ignoring(*_MISSING):
            for page in pages.paginate(Rule=known["rule"], EventBusName=known.get("eventBusName", _DEFAULT)):
                for found in page["Targets"]:
                    if found["Id"] == target:
                        place = {key: known.get(key) for key in ("rule", "eventBusName", "forceDestroy")}
                        return {**self._properties(found), "targetId": target, **place}
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        self._put(call, old["targetId"], new)

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_MISSING):
            call.client("events").remove_targets(
                Rule=state["rule"],
                EventBusName=state.get("eventBusName", _DEFAULT),
                Ids=[state["targetId"]],
                Force=bool(state.get("forceDestroy")),
            )

    def _put(self, call: Call, target: str, inputs: Data) -> None:
        request = {"Id": target, **requested(inputs, self._plain)}
        for key, (member, names) in self._nested.items():
            if inputs.get(key):
                request[member] = requested(inputs[key], names)
        made = call.client("events").put_targets(
            Rule=inputs["rule"], EventBusName=inputs["eventBusName"], Targets=[request]
        )
        for failed in made.get("FailedEntries", []):
            raise RuntimeError(f"target `{target}`: {failed.get('ErrorCode')} {failed.get('ErrorMessage')}")

    def _properties(self, found: dict[str, Any]) -> Data:
        nested = {
            key: {name: found[member][shown] for name, shown in names.items() if shown in found[member]}
            for key, (member, names) in self._nested.items()
            if found.get(member)
        }
        return {**{key: found.get(member) for key, member in self._plain.items()}, **nested}
