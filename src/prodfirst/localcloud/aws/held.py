"""Settings that the local AWS API accepts and forgets, held here and put back into its answers.

Without this a setting that a program made would show as drift. One entry per operation, with the parameter
as the request names it and the element as the answer does (EC2 API reference).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from prodfirst.localcloud.aws.operation import Operation

_MAKES = {"CreateVpcEndpoint": "vpcEndpointId", "CreateFlowLogs": "item"}
"""Operation → element of its answer that holds the new id."""
_CHANGES = {"ModifyVpcEndpoint": "VpcEndpointId"}
"""Operation → parameter with the id."""
_SHOWS = {
    "DescribeVpcEndpoints": ("vpcEndpointSet", "vpcEndpointId"),
    "DescribeFlowLogs": ("flowLogSet", "flowLogId"),
}
"""Operation → element with the list, and of an item's id."""
_SCALARS = {"PrivateDnsEnabled": "privateDnsEnabled", "MaxAggregationInterval": "maxAggregationInterval"}
_GROUPS = re.compile(r"(Add|Remove|)SecurityGroupId\.[0-9]+")


class Held:
    """The settings, by resource id, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._settings: dict[str, dict[str, list[str]]] = (
            json.loads(path.read_text()) if path.exists() else {}
        )

    def take(self, called: Operation, body: bytes) -> bytes:
        """Note what a successful call of EC2 set, and complete what one shows; returns the answer's body."""
        if called.name in _MAKES:
            for element in _tree(body).iter():
                if _name(element) == _MAKES[called.name] and element.text and "-" in element.text:
                    self._note(element.text, called.parameters)
        elif called.name in _CHANGES:
            self._note(called.parameters.get(_CHANGES[called.name], ""), called.parameters)
        elif called.name in _SHOWS:
            return self._complete(body, *_SHOWS[called.name])
        return body

    def _note(self, id: str, parameters: Mapping[str, str]) -> None:
        held = self._settings.setdefault(id, {})
        for parameter, element in _SCALARS.items():
            if parameter in parameters:
                held[element] = [parameters[parameter]]
        groups = set(held.get("groupSet", []))
        for key, value in parameters.items():
            if match := _GROUPS.fullmatch(key):
                (groups.discard if match[1] == "Remove" else groups.add)(value)
        held["groupSet"] = sorted(groups)
        self._save()

    def _complete(self, body: bytes, listed: str, identified: str) -> bytes:
        root = _tree(body)
        space = root.tag.rpartition("}")[0] + "}" if root.tag.startswith("{") else ""
        if space:
            ET.register_namespace("", space[1:-1])
        for item in root.findall(f"{space}{listed}/{space}item"):
            held = self._settings.get(item.findtext(f"{space}{identified}") or "", {})
            for name, values in held.items():
                for old in item.findall(f"{space}{name}"):
                    item.remove(old)
                element = ET.SubElement(item, f"{space}{name}")
                if name == "groupSet":
                    for value in values:
                        ET.SubElement(ET.SubElement(element, f"{space}item"), f"{space}groupId").text = value
                else:
                    element.text = values[0]
        completed: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return completed

    def _save(self) -> None:
        partial = self._path.with_suffix(".new")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(self._settings, stream)
        partial.replace(self._path)


def _tree(body: bytes) -> ET.Element:
    """The API runs in this process: its answers are no foreign XML."""
    return ET.fromstring(body)  # noqa: S314


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
