"""What AWS's actions work on: access levels, resource types, ARN formats and which tags count where.

The data is `catalogue.json`, written by `tools/iam_catalogue.py` from the Service Authorization Reference
for the services that the local cloud serves; its provenance stands in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files


class Level(Enum):
    """AWS's access levels."""

    LIST = "L"
    READ = "R"
    WRITE = "W"
    TAGGING = "T"
    PERMISSIONS = "P"


@dataclass(frozen=True, slots=True)
class Target:
    """A resource type that an action works on."""

    type: str
    required: bool
    request_tags: bool
    """Whether `aws:RequestTag` and `aws:TagKeys` exist for this type of this action."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action."""

    name: str
    level: Level
    targets: tuple[Target, ...]
    """Empty where it takes no resource."""
    request_tags: bool
    """Whether the tags of the request exist for every resource of the action."""

    def target(self, type: str) -> Target | None:
        """The type's entry; None where the action does not work on it."""
        return next((target for target in self.targets if target.type == type), None)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One type of resources."""

    format: str
    """Of its ARN, with `${Partition}`, `${Region}`, `${Account}` and others."""
    tagged: bool
    """Whether `aws:ResourceTag` exists for it."""

    def arn(self, region: str, account: str, *names: str) -> str:
        """The ARN of one; `names` fill the other placeholders in order, the last one the rest as `*`."""
        given = {"Partition": "aws", "Region": region, "Account": account}
        waiting = list(names)

        def fill(match: re.Match[str]) -> str:
            if match[1] in given:
                return given[match[1]]
            return waiting.pop(0) if waiting else "*"

        return re.sub(r"\$\{(\w+)\}", fill, self.format)


@dataclass(frozen=True, slots=True)
class Service:
    """One service."""

    actions: Mapping[str, Action]
    resources: Mapping[str, ResourceType]


@cache
def service(name: str) -> Service:
    """The catalogue of a service by its IAM prefix. Raises KeyError where it is not known."""
    data = _data()[name]
    return Service(
        {action: _action(action, text) for action, text in data["actions"].items()},
        {type: _resource(text) for type, text in data["resources"].items()},
    )


def find(action: str) -> Action | None:
    """An action by `service:Name`, with AWS's case; None where AWS has none such."""
    prefix, _, name = action.partition(":")
    return service(prefix).actions.get(name) if prefix in _data() else None


@cache
def _data() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    found: Mapping[str, Mapping[str, Mapping[str, str]]] = json.loads(
        files(__package__).joinpath("catalogue.json").read_text()
    )["services"]
    return found


def _action(name: str, text: str) -> Action:
    level, *words = text.split(" ")
    targets = tuple(
        Target(word.strip("+#"), word.startswith("+"), word.endswith("#")) for word in words if word != "#"
    )
    return Action(name, Level(level), targets, "#" in words)


def _resource(text: str) -> ResourceType:
    format, mark, _ = text.partition(" #")
    return ResourceType(format, bool(mark))
