"""The version of a recorded state: equal exactly when the state is, whenever it was written.

The order of its resources and the times of writing do not count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NewType

StateVersion = NewType("StateVersion", str)
"""SHA-256, in hex; `EMPTY` for a deployment that has no state yet."""

EMPTY = StateVersion("empty")


def state_version(checkpoint: Mapping[str, Any]) -> StateVersion:
    """The version of a checkpoint as `pulumi stack export` gives it or as the backend stores it.

    SHA-256 of canonical JSON without `manifest`, resources sorted by URN and delete flag (DESIGN.md
    section 3): a no-op update writes a new time and another order, and leaves this as it is.
    """
    deployment = dict(_deployment(checkpoint))
    deployment.pop("manifest", None)
    resources = deployment.get("resources") or []
    if not resources and not deployment.get("pending_operations"):
        return EMPTY
    deployment["resources"] = sorted(map(_stable, resources), key=_order)
    return StateVersion(hashlib.sha256(canonical(deployment)).hexdigest())


def canonical(data: Any) -> bytes:
    """One byte string for one JSON value: sorted keys, no spaces, no NaN."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _deployment(checkpoint: Mapping[str, Any]) -> Mapping[str, Any]:
    """Both envelopes: an export has `deployment`, a stored object `checkpoint.latest`."""
    if "checkpoint" in checkpoint:
        return checkpoint["checkpoint"].get("latest") or {}
    deployment: Mapping[str, Any] = checkpoint.get("deployment") or {}
    return deployment


def _stable(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource without the times that the engine writes beside it, its dependencies in one order.

    They are sets: two updates of one program list them differently (measured, engine 3.259.0).
    """
    stable = {key: value for key, value in resource.items() if key not in ("created", "modified")}
    if stable.get("dependencies"):
        stable["dependencies"] = sorted(stable["dependencies"])
    if stable.get("propertyDependencies"):
        stable["propertyDependencies"] = {
            key: sorted(urns or ()) for key, urns in stable["propertyDependencies"].items()
        }
    return stable


def _order(resource: Mapping[str, Any]) -> tuple[str, bool]:
    return str(resource.get("urn", "")), bool(resource.get("delete", False))
