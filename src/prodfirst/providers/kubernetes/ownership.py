"""Who set which field of a live object: `metadata.managedFields`, read as trees.

Format: kubernetes.io/docs/reference/using-api/server-side-apply (`FieldsV1`). A node's children are `f:NAME`
(a field), `k:{...}` (an item of a list by its key fields), `v:...` (an item of a set); a node without
children owns all that is below it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.providers.kubernetes.objects import Data, metadata

Node = Mapping[str, Any]

CREATOR = "pulumi-kubernetes"
"""The manager of objects as they are created, before the first server-side apply; the original's name."""
OURS = frozenset({CREATOR, "pulumi-kubernetes.exe", "pulumi-resource-kubernetes"})


@dataclass(frozen=True, slots=True)
class Owner:
    """One entry of `managedFields`."""

    manager: str
    operation: str
    """`Apply` or `Update`."""
    subresource: str
    fields: Node
    time: str = ""
    """When it last changed one of them, in the API's format."""


def owners(live: Data) -> tuple[Owner, ...]:
    """All entries, but those of the status: that is never an input."""
    entries = metadata(live).get("managedFields") or []
    return tuple(
        Owner(
            manager=entry.get("manager", ""),
            operation=entry.get("operation", ""),
            subresource=entry.get("subresource", ""),
            fields=entry.get("fieldsV1") or {},
            time=str(entry.get("time") or ""),
        )
        for entry in entries
        if isinstance(entry, Mapping) and entry.get("subresource") != "status"
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """What some owners hold at one place of an object."""

    nodes: tuple[Node, ...] = ()
    """Trees of those that own this place, or parts of it, by name."""
    whole: bool = False
    """Whether one of them owns a whole list or map around this place."""

    def field(self, name: str) -> Reach:
        """At a field of this place."""
        return self._below(f"f:{name}")

    def value(self, item: Any) -> Reach:
        """At an item of a set of scalars."""
        return self._below(f"v:{json.dumps(item, separators=(',', ':'))}")

    def item(self, item: Mapping[str, Any]) -> Reach:
        """At an item of a list with key fields."""
        found = [
            child
            for node in self.nodes
            for key, child in node.items()
            if key.startswith("k:") and _is_key_of(json.loads(key[2:]), item)
        ]
        return Reach(tuple(found), self.whole or any(not node for node in self.nodes))

    def _below(self, key: str) -> Reach:
        found = tuple(node[key] for node in self.nodes if key in node)
        return Reach(found, self.whole or any(not node for node in self.nodes))

    @property
    def held(self) -> bool:
        """Whether somebody holds this place, or all around it."""
        return self.whole or bool(self.nodes)

    @property
    def atomic(self) -> bool:
        """Whether this place is owned as a whole."""
        return self.whole or any(not node for node in self.nodes)

    def key_fields(self) -> tuple[str, ...]:
        """The fields that tell items of the list at this place apart; empty where none do."""
        for node in self.nodes:
            for key in node:
                if key.startswith("k:"):
                    return tuple(json.loads(key[2:]))
        return ()

    @property
    def is_set(self) -> bool:
        """Whether the list at this place is a set of scalars."""
        return any(key.startswith("v:") for node in self.nodes for key in node)


def reach_of(some: Iterable[Owner]) -> Reach:
    """What they hold at the root. An owner of nothing owns nothing, not all."""
    return Reach(tuple(owner.fields for owner in some if owner.fields))


def within(fields: Node, inputs: Any) -> Data:
    """The part of a tree that the inputs cover."""
    kept: Data = {}
    for key, child in fields.items():
        if key == "." and isinstance(inputs, (dict, list)):
            kept[key] = child
        for value in _values_at(key, inputs):
            kept[key] = within(child, value) if child else {}
    return kept


def united(left: Node, right: Node) -> Data:
    """All that is in one of two trees."""
    both = {
        key: united(left.get(key) or {}, right.get(key) or {}) if left.get(key) and right.get(key) else {}
        for key in {*left, *right}
        if key in left and key in right
    }
    return {**left, **right, **both}


def _values_at(key: str, inputs: Any) -> Iterator[Any]:
    """The one value that a tree's key stands for, if the inputs have it."""
    sort, _, name = key.partition(":")
    if sort == "f" and isinstance(inputs, dict) and name in inputs:
        yield inputs[name]
    elif sort == "k" and isinstance(inputs, list):
        wanted = json.loads(name)
        found = (item for item in inputs if isinstance(item, dict) and _is_key_of(wanted, item))
        yield from list(found)[:1]
    elif sort == "v" and isinstance(inputs, list) and json.loads(name) in inputs:
        yield json.loads(name)


def _is_key_of(key: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    """Whether an item has these key fields; one that the program left to its default matches."""
    return all(field not in item or item[field] == value for field, value in key.items()) and any(
        field in item for field in key
    )
