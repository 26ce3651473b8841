"""The windows at which kills are aimed, and what a kill leaves there."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from killing import Call
from local_callers import Caller

_MADE = frozenset({
    "AssociateRouteTable", "AttachInternetGateway", "CreateAlias", "CreateBucket", "CreateFlowLogs",
    "CreateInternetGateway", "CreateKey", "CreateRouteTable", "CreateSecurityGroup", "CreateSubnet",
    "CreateVpc", "CreateVpcEndpoint", "PutBucketEncryption", "PutBucketPolicy", "PutBucketVersioning",
    "PutPublicAccessBlock",
})  # fmt: skip
_REMOVED = frozenset({
    "DeleteAlias", "DeleteBucket", "DeleteBucketEncryption", "DeleteBucketPolicy", "DeleteFlowLogs",
    "DeleteInternetGateway", "DeleteParameter", "DeletePublicAccessBlock", "DeleteRouteTable",
    "DeleteSecurityGroup", "DeleteSubnet", "DeleteVpc", "DeleteVpcEndpoints", "DisassociateRouteTable",
    "ScheduleKeyDeletion",
})  # fmt: skip
_BUCKET = "acme-local-state"


@dataclass(frozen=True, slots=True)
class Left:
    """What a killed run of one stack leaves behind."""

    pending: Mapping[str, int]
    """How many operations the checkpoint has as in flight, by the engine's word: `creating`, `deleting`."""
    locks: int
    published: int
    """Fields of the contract that are there."""

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"pending": dict(self.pending), "locks": self.locks, "published": self.published}


def left(caller: Caller, stack: str) -> Left:
    """Looks into the cloud and the state alone."""
    s3 = caller.client("s3")
    project = f"acme-{stack}"
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=_BUCKET, Prefix=".pulumi/").get("Contents", ())]
    state = f".pulumi/stacks/{project}/local.json"
    latest: Mapping[str, Any] = {}
    if state in keys:
        checkpoint = json.loads(s3.get_object(Bucket=_BUCKET, Key=state)["Body"].read())["checkpoint"]
        latest = checkpoint.get("latest") or {}
    pending = Counter(str(item["type"]) for item in latest.get("pending_operations") or ())
    parameters = caller.client("ssm").get_paginator("describe_parameters").paginate()
    own = f"/prodfirst/acme/local/{stack}/"
    published = sum(item["Name"].startswith(own) for page in parameters for item in page["Parameters"])
    return Left(pending, sum("/locks/" in key and f"/{project}/" in key for key in keys), published)


@dataclass(frozen=True)
class Window:
    """Where a kill is aimed, and by what it is seen that it came there."""

    name: str
    removing: bool
    at: Callable[[Call], bool]
    latest: int
    """The kill comes at the first to this call of the window."""
    met: Callable[[Left], bool]


def _written(call: Call, operation: str, folder: str) -> bool:
    return call["operation"] == operation and f"/{folder}/" in str(call["parameters"].get("Key", ""))


def _published(call: Call) -> bool:
    name = str(call["parameters"].get("Name", ""))
    return call["operation"] == "PutParameter" and name.startswith("/prodfirst/")


def _locked(found: Left) -> bool:
    return found.locks > 0


WINDOWS = (
    Window(
        "made in the cloud, not in the checkpoint",
        False,
        lambda call: call["operation"] in _MADE,
        8,
        lambda found: found.pending.get("creating", 0) > 0,
    ),
    Window(
        "contract half published",
        False,
        _published,
        2,
        lambda found: found.published > 0 and found.pending.get("creating", 0) > 0,
    ),
    Window(
        "lock written, not released", False, lambda call: _written(call, "PutObject", "locks"), 1, _locked
    ),
    Window("checkpoint just written", False, lambda call: _written(call, "PutObject", "stacks"), 16, _locked),
    Window(
        "removed in the cloud, not in the checkpoint",
        True,
        lambda call: call["operation"] in _REMOVED,
        8,
        lambda found: found.pending.get("deleting", 0) > 0,
    ),
    Window("lock written for a removal", True, lambda call: _written(call, "PutObject", "locks"), 1, _locked),
    Window(
        "checkpoint just written by a removal",
        True,
        lambda call: _written(call, "PutObject", "stacks"),
        16,
        _locked,
    ),
    Window(
        "lock just released",
        True,
        lambda call: _written(call, "DeleteObject", "locks"),
        1,
        lambda found: found.locks == 0,
    ),
)


def chances(seed: int) -> random.Random:
    """What is random in a campaign."""
    return random.Random(seed)  # noqa: S311 - it must be repeatable, and is no secret


def windows(count: int, chance: random.Random, *, removing: bool) -> list[Window]:
    """`count` windows, each as often as the others, in no order."""
    own = [window for window in WINDOWS if window.removing == removing]
    found = [own[number % len(own)] for number in range(count)]
    chance.shuffle(found)
    return found
