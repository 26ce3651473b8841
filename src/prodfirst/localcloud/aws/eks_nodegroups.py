"""Node groups of EKS: what the API behind the gateway forgets of them, and their updates.

Members and defaults: EKS API reference, CreateNodegroup, UpdateNodegroupConfig, UpdateNodegroupVersion.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from prodfirst.localcloud.aws import eks_records
from prodfirst.localcloud.aws.eks_rules import Refused
from prodfirst.localcloud.kubernetes.cluster import Key

_FORGOTTEN: Mapping[str, Any] = {
    "launchTemplate": None,
    "remoteAccess": None,
    "updateConfig": {"maxUnavailable": 1},
}
"""Member of a request → what EKS takes where it is not given."""
_REPLACED = ("launchTemplate", "releaseVersion", "scalingConfig", "updateConfig", "version")


def created(key: Key, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A new node group with all that its request set."""
    record = eks_records.nodegroup(key, name)
    for member, default in _FORGOTTEN.items():
        if (value := body.get(member, default)) is not None:
            record[member] = value
    return record


def updated(key: Key, called: str, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a node group; returns the update, in EKS's shape. Raises Refused."""
    record = eks_records.nodegroup(key, name)
    if not record:
        raise Refused("ResourceNotFoundException", f"No node group found for name: {name}.", 404)
    record.update({member: body[member] for member in _REPLACED if member in body})
    labels = body.get("labels") or {}
    gone = set(labels.get("removeLabels", []))
    kept = {label: value for label, value in record["labels"].items() if label not in gone}
    record["labels"] = {**kept, **labels.get("addOrUpdateLabels", {})}
    taints = body.get("taints") or {}
    record["taints"] = _tainted(record["taints"], taints)
    record["modifiedAt"] = time.time()
    kind = "VersionUpdate" if called == "UpdateNodegroupVersion" else "ConfigUpdate"
    params = [{"type": member[0].upper() + member[1:], "value": json.dumps(body[member])} for member in body]
    return {"id": str(uuid4()), "type": kind, "params": params, "createdAt": time.time(), "errors": []}


def _tainted(old: list[dict[str, Any]], change: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A taint is known by its key and its effect."""
    touched = {_taint(item) for part in change.values() for item in part}
    return [*(item for item in old if _taint(item) not in touched), *change.get("addOrUpdateTaints", [])]


def _taint(item: Mapping[str, Any]) -> tuple[Any, Any]:
    return item.get("key"), item.get("effect")
