"""All parameters of a request, structured as the service model has them, from any of AWS's protocols.

Source: the serialization traits of botocore's service models. What the model does not know is refused: the
API behind the gateway might read a spelling that was never looked at here. Scalars stay strings in forms,
paths, queries and headers, and are what JSON makes of them in JSON bodies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from botocore.model import OperationModel, Shape

Pairs = Sequence[tuple[str, str]]
_FRAME = frozenset({"Action", "Version"})
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class Unreadable(Exception):
    """The request is not one that the service model describes; the text says why."""


def from_form(operation: OperationModel, pairs: Pairs) -> dict[str, Any]:
    """Of the `query` and `ec2` protocols; `pairs` from the query and the body together."""
    given = [(key, value) for key, value in pairs if key not in _FRAME and not key.startswith("X-Amz-")]
    _once(key for key, _ in pairs)
    tree: dict[str, Any] = {}
    for key, value in given:
        node = tree
        *path, last = key.split(".")
        for part in path:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise Unreadable(f"the parameter `{key}` lies within another that is a value")
        if last in node:
            raise Unreadable(f"the parameter `{key}` is given twice")
        node[last] = value
    shape = operation.input_shape
    ec2 = operation.service_model.metadata["protocol"] == "ec2"
    if shape is None:
        _nothing_left(tree, ())
        return {}
    return _Form(ec2).structure(shape, tree)


def from_json(operation: OperationModel, body: bytes) -> dict[str, Any]:
    """Of the `json` protocol."""
    return _json_object(operation.input_shape, body)


def from_rest(
    operation: OperationModel,
    labels: Mapping[str, str],
    query: Pairs,
    headers: Mapping[str, str],
    body: bytes,
) -> dict[str, Any]:
    """Of the `rest-json` and `rest-xml` protocols; `labels` are the parts of the path, decoded."""
    shape = operation.input_shape
    if shape is None:
        return {}
    values = dict(query)
    result: dict[str, Any] = {}
    for name, member in shape.members.items():
        place = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        match place:
            case "uri" if label(wire) in labels:
                result[name] = labels[label(wire)]
            case "querystring" if member.type_name == "list":
                found = [value for key, value in query if key == wire]
                result |= {name: found} if found else {}
            case "querystring" if wire in values:
                _once(key for key, _ in query if key == wire)
                result[name] = values[wire]
            case "header" if wire.lower() in headers:
                result[name] = headers[wire.lower()]
    return result | _payload(operation, shape, body)


def label(name: str) -> str:
    """A path label of a model as the name of a group in a regular expression."""
    return re.sub("[^A-Za-z0-9_]", "_", name.rstrip("+"))


def _payload(operation: OperationModel, shape: Any, body: bytes) -> dict[str, Any]:
    name = shape.serialization.get("payload")
    as_xml = operation.service_model.metadata["protocol"] == "rest-xml"
    if name is not None:
        member = shape.members[name]
        if member.type_name == "string":
            return {name: body.decode("utf-8", "replace")}
        if member.type_name != "structure" or not body.strip():
            return {}
        return {name: _xml(member, _root(body)) if as_xml else _json_object(member, body)}
    inner = {key: member for key, member in shape.members.items() if "location" not in member.serialization}
    if not inner or not body.strip():
        return {}
    if as_xml:
        found: dict[str, Any] = _xml(shape, _root(body))
        return found
    return _json_object(shape, body)


class _Form:
    """Reads a tree of dotted keys by a shape."""

    def __init__(self, ec2: bool) -> None:
        self._ec2 = ec2

    def structure(self, shape: Any, tree: Mapping[str, Any]) -> dict[str, Any]:
        result = {}
        known = set()
        for name, member in shape.members.items():
            wire = self._wire(name, member)
            if wire in tree:
                known.add(wire)
                result[name] = self._value(member, tree[wire], wire)
        _nothing_left(tree, known)
        return result

    def _wire(self, name: str, member: Any) -> str:
        traits = member.serialization
        if self._ec2:
            if "queryName" in traits:
                return str(traits["queryName"])
            wire = str(traits.get("name", name))
            return wire[0].upper() + wire[1:] if "name" in traits else wire
        if member.type_name == "list" and traits.get("flattened"):
            return str(member.member.serialization.get("name", traits.get("name", name)))
        return str(traits.get("name", name))

    def _value(self, shape: Any, node: Any, wire: str) -> Any:
        match shape.type_name:
            case "structure":
                return self.structure(shape, _inner(node, wire))
            case "list":
                return self._list(shape, node, wire)
            case "map":
                return self._map(shape, node, wire)
        if not isinstance(node, str):
            raise Unreadable(f"the parameter `{wire}` is a value, and given as more")
        return node

    def _list(self, shape: Any, node: Any, wire: str) -> list[Any]:
        if node == "":  # a list that is given empty
            return []
        items = _inner(node, wire)
        if not self._ec2 and not shape.serialization.get("flattened"):
            inner = str(shape.member.serialization.get("name", "member"))
            _nothing_left(items, {inner})
            items = _inner(items[inner], wire)
        return [self._value(shape.member, items[index], wire) for index in _numbered(items, wire)]

    def _map(self, shape: Any, node: Any, wire: str) -> dict[str, Any]:
        items = _inner(node, wire)
        if not shape.serialization.get("flattened"):
            _nothing_left(items, {"entry"})
            items = _inner(items["entry"], wire)
        key = shape.key.serialization.get("name", "key")
        value = shape.value.serialization.get("name", "value")
        entries = (_inner(items[index], wire) for index in _numbered(items, wire))
        return {str(entry[key]): self._value(shape.value, entry.get(value, ""), wire) for entry in entries}


def _inner(node: Any, wire: str) -> Mapping[str, Any]:
    if not isinstance(node, Mapping):
        raise Unreadable(f"the parameter `{wire}` has parts, and is given as a value")
    return node


def _numbered(items: Mapping[str, Any], wire: str) -> list[str]:
    if not all(index.isdigit() for index in items):
        raise Unreadable(f"the items of `{wire}` are numbered")
    return sorted(items, key=int)


def _nothing_left(tree: Mapping[str, Any], known: Iterable[str]) -> None:
    if unknown := sorted(set(tree) - set(known)):
        names = ", ".join(f"`{name}`" for name in unknown)
        raise Unreadable(f"the service model does not know {names}")


def _once(keys: Iterable[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise Unreadable(f"the parameter `{key}` is given twice")
        seen.add(key)


def _json_object(shape: Shape | None, body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body or b"{}")
    except ValueError as error:
        raise Unreadable("the body is not JSON") from error
    if not isinstance(data, dict):
        raise Unreadable("the body is not a JSON object")
    if shape is None:
        return {}
    wires = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    _nothing_left(data, wires)
    return {wires[key]: value for key, value in data.items() if value is not None}


def _root(body: bytes) -> ET.Element:
    if _ENTITY.search(body):
        raise Unreadable("the body declares XML entities")
    try:
        return ET.fromstring(body)  # noqa: S314 - without declarations there is nothing to expand
    except ET.ParseError as error:
        raise Unreadable("the body is not XML") from error


def _xml(shape: Any, node: ET.Element) -> Any:
    children: dict[str, list[ET.Element]] = {}
    for child in node:
        children.setdefault(child.tag.rpartition("}")[2], []).append(child)
    match shape.type_name:
        case "structure":
            result = {}
            for name, member in shape.members.items():
                flat = member.type_name == "list" and member.serialization.get("flattened")
                wire = member.serialization.get("name", name)
                if flat:
                    wire = member.member.serialization.get("name", wire)
                if wire in children:
                    found = children[wire]
                    result[name] = (
                        [_xml(member.member, item) for item in found] if flat else _xml(member, found[0])
                    )
            return result
        case "list":
            wire = shape.member.serialization.get("name", "member")
            return [_xml(shape.member, child) for child in children.get(wire, [])]
        case _:
            return node.text or ""
