"""`prodfirst status` and `prodfirst outputs`: what is recorded, without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.planning.recorded import DeploymentStatus
from prodfirst.planning.state import state_version
from prodfirst.resources.values import SECRET, Value, freeze
from prodfirst.usecases.site import Site
from prodfirst.usecases.taken_on import taken_on

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi's state marks special values; a secret is one of them."""


def status(site: Site, stacks: tuple[Stack, ...]) -> tuple[DeploymentStatus, ...]:
    """The recorded state of each deployment, read under its plan identity."""
    return tuple(_status(site, stack) for stack in stacks)


def outputs(site: Site, stack: Stack) -> Mapping[str, Value]:
    """The outputs of a deployment's program; secret ones masked. Raises Failure where it does not exist."""
    latest = _latest(site, stack)
    if latest is None:
        raise Failure(
            Problem(
                f"`{stack.name}/{site.environment.name}` does not exist yet",
                stack.position,
                fix=f"run `prodfirst plan {stack.name}`, then `prodfirst apply`",
            )
        )
    root: dict[str, Any] = next(
        (r for r in latest.get("resources") or [] if r["type"] == "pulumi:pulumi:Stack"), {}
    )
    return {name: freeze(_mask(value)) for name, value in sorted((root.get("outputs") or {}).items())}


def _status(site: Site, stack: Stack) -> DeploymentStatus:
    name = f"{stack.name}/{site.environment.name}"
    latest = _latest(site, stack)
    if latest is None:
        return DeploymentStatus(name, stack.layer.value, stack.owner, False)
    resources = [r for r in latest.get("resources") or [] if not r["type"].startswith("pulumi:")]
    return DeploymentStatus(
        name,
        stack.layer.value,
        stack.owner,
        True,
        len(resources),
        str((latest.get("manifest") or {}).get("time", "")),
        state_version({"deployment": latest}),
        len(latest.get("pending_operations") or []),
    )


def _latest(site: Site, stack: Stack) -> dict[str, Any] | None:
    _, access = taken_on(site, stack, "plan")
    checkpoint = site.bucket(access).checkpoint(stack.project, site.environment.name)
    if checkpoint is None:
        return None
    latest: dict[str, Any] = checkpoint["checkpoint"].get("latest") or {}
    return latest


def _mask(value: Any) -> Any:
    if isinstance(value, dict):
        return SECRET if _SIGNATURE in value else {key: _mask(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mask(item) for item in value]
    return value
