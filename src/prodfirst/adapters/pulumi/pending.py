"""The operations that a killed engine left in a checkpoint, and the checkpoint with them taken in.

The engine itself keeps a pending create for ever and leaves it to the user (ENGINE.md, after a kill).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prodfirst.adapters.pulumi.checkpoint import latest_of
from prodfirst.adapters.pulumi.masking import values_of
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import Value

CREATING = "creating"
"""The engine's word; the others are `updating`, `deleting`, `reading` and `importing`."""


@dataclass(frozen=True, slots=True)
class Pending:
    """One operation of which nobody knows yet how it ended."""

    operation: str
    urn: Urn
    id: str
    """Empty for a create: only its answer would have told."""
    resource: Mapping[str, Any]
    """The resource as it was to become, or for a delete as it was."""
    provider: Mapping[str, Value]
    """The recorded configuration of its provider instance."""

    @property
    def inputs(self) -> Mapping[str, Value]:
        """What the provider was given, secrets marked."""
        return values_of(self.resource.get("inputs"))


def as_export(checkpoint: Mapping[str, Any]) -> Mapping[str, Any]:
    """Either form in the form of an export, which is what the engine imports."""
    head = {key: checkpoint[key] for key in ("version", "features") if key in checkpoint}
    return {**head, "deployment": latest_of(checkpoint)}


def pending_in(checkpoint: Mapping[str, Any]) -> tuple[Pending, ...]:
    """What was cut off, in the order in which it was begun.

    Components and provider instances are left out: they are in no cloud, and the engine makes them again.
    """
    latest = latest_of(checkpoint)
    resources = latest.get("resources") or ()
    return tuple(
        _pending(entry["type"], entry["resource"], resources)
        for entry in latest.get("pending_operations") or ()
        if entry["resource"].get("custom") and not entry["resource"]["type"].startswith("pulumi:")
    )


def _pending(operation: str, resource: Mapping[str, Any], recorded: Sequence[Mapping[str, Any]]) -> Pending:
    """The operation itself holds no id but for a delete; a create has none yet."""
    ids = {item["urn"]: item.get("id", "") for item in recorded if not item.get("delete")}
    id = "" if operation == CREATING else resource.get("id") or ids.get(resource["urn"], "")
    provider = {
        f"{item['urn']}::{item.get('id', '')}": item.get("inputs")
        for item in recorded
        if item["type"].startswith("pulumi:providers:")
    }.get(resource.get("provider", ""))
    return Pending(operation, Urn(resource["urn"]), id, resource, values_of(provider))


def taken_in(checkpoint: Mapping[str, Any], adopted: Mapping[Urn, tuple[str, ...]]) -> Mapping[str, Any]:
    """An export with the creates in `adopted` (URN to ids) as resources, and no pending operations.

    As the engine does in a replacement, all but the last of one URN are marked for deletion: what was to be
    replaced, and what an earlier run that was killed too had made.
    """
    export = as_export(checkpoint)
    latest = export["deployment"]
    pending = latest.get("pending_operations") or ()
    wanted = {entry["resource"]["urn"]: entry["resource"] for entry in pending if entry["type"] == CREATING}
    resources = [
        {**item, "delete": True} if item["urn"] in adopted else item for item in latest.get("resources") or ()
    ]
    known = {item["urn"] for item in resources} | set(adopted)
    for urn, ids in adopted.items():
        *left_over, last = (_adopted(wanted[urn], id, known) for id in ids)
        resources += [*({**item, "delete": True} for item in left_over), last]
    return {**export, "deployment": {**latest, "resources": resources, "pending_operations": []}}


def _adopted(resource: Mapping[str, Any], id: str, known: set[str]) -> dict[str, Any]:
    """A resource of the state; its outputs are its inputs until it is read. It depends on what is there."""
    properties = {
        key: [urn for urn in urns or () if urn in known]
        for key, urns in (resource.get("propertyDependencies") or {}).items()
    }
    return {
        **resource,
        "id": id,
        "outputs": dict(resource.get("inputs") or {}),
        "dependencies": [urn for urn in resource.get("dependencies") or () if urn in known],
        "propertyDependencies": properties,
    }
