"""EC2: every resource that a call names by its id, what it makes, and the tags it brings along."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prodfirst.localcloud.aws.authorization.calls import Call, Use, leaves, pairs, tag_keys
from prodfirst.localcloud.aws.authorization.targets import arn, uses

_TYPES = {
    "acl": "network-acl", "ami": "image", "cgw": "customer-gateway", "dopt": "dhcp-options",
    "eigw": "egress-only-internet-gateway", "eipalloc": "elastic-ip", "eni": "network-interface",
    "fl": "vpc-flow-log", "fleet": "fleet", "i": "instance", "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway", "pcx": "vpc-peering-connection", "pl": "prefix-list", "rtb": "route-table",
    "sg": "security-group", "sgr": "security-group-rule", "snap": "snapshot", "subnet": "subnet",
    "tgw": "transit-gateway", "vgw": "vpn-gateway", "vol": "volume", "vpc": "vpc", "vpce": "vpc-endpoint",
    "vpce-svc": "vpc-endpoint-service", "vpn": "vpn-connection",
}  # fmt: skip
"""Prefix of an id → resource type (EC2 User Guide, "Resource IDs"; Service Authorization Reference)."""
_ID = re.compile(r"([a-z]+(?:-svc)?)-[0-9a-f]{8,17}")
_ASSOCIATIONS = ("eipassoc", "rtbassoc", "aclassoc", "subnet-cidr-assoc", "vpc-cidr-assoc", "iip-assoc")
_NAMED = {"KeyName": "key-pair", "LaunchTemplateName": "launch-template", "GroupName": "security-group"}


def of(call: Call) -> Iterator[Use]:
    """The uses of a call."""
    bound = _bound(call)
    if call.operation in ("CreateTags", "DeleteTags"):
        request = tag_keys(pairs(call.input.get("Tags")))
        ids = [arn(call, type, id) for id in call.texts("Resources") if (type := _type(id))]
        for resource in ids or ["*"]:
            yield Use(f"ec2:{call.operation}", resource, request)
        return
    specifications = call.input.get("TagSpecifications") or []
    tags = [pair for item in specifications for pair in pairs(item.get("Tags"))]
    request = tag_keys(tags)
    yield from uses(call, bound, tags=request)
    for item in specifications:
        given = tag_keys(pairs(item.get("Tags")))
        if given:
            yield Use(
                "ec2:CreateTags",
                _made(call, str(item.get("ResourceType", ""))),
                {**given, "ec2:CreateAction": call.operation},
            )


def _made(call: Call, type: str) -> str:
    return f"arn:aws:ec2:{call.region}:{call.account}:{type}/*"


def _bound(call: Call) -> dict[str, list[str]]:
    """ARNs by type: of ids anywhere in the parameters, save in filters, which only choose what is shown."""
    parameters = {key: value for key, value in call.input.items() if key != "Filters"}
    found: dict[str, list[str]] = {}
    for id in _ids(call, parameters):
        if type := _type(id):
            found.setdefault(type, []).append(arn(call, type, id))
    for parameter, type in _NAMED.items():
        name = call.text(parameter)
        if name and not call.operation.startswith("Create"):
            found.setdefault(type, []).append(arn(call, type, name))
    return found


def _ids(call: Call, parameters: Mapping[str, Any]) -> Iterator[str]:
    for _name, value in leaves(parameters):
        yield value
        if value.startswith(_ASSOCIATIONS):
            yield from call.state.associated(call.region, value)


def _type(id: str) -> str | None:
    match = _ID.fullmatch(id)
    return _TYPES.get(match[1]) if match else None
