"""Early cut-off: a deployment is not run again while all that its plan was computed from is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from prodfirst.kernel.findings import Severity
from prodfirst.planning.file import dump_deployment, load_deployment
from prodfirst.planning.plan import DeploymentPlan

_VERSION = 1


@dataclass(frozen=True, slots=True)
class LastPlan:
    """The last clean plan of a deployment, and what it was computed from."""

    parts: Mapping[str, str]
    """What it was computed from, by a word for people: digests."""
    files: tuple[str, ...]
    """Files outside of the program's folder that the program opened, relative to the estate."""
    plan: DeploymentPlan
    made: str
    """RFC 3339, UTC."""


def differing(last: LastPlan, parts: Mapping[str, str]) -> tuple[str, ...]:
    """The words of all parts that are not what they were."""
    return tuple(sorted(key for key in {*last.parts, *parts} if last.parts.get(key) != parts.get(key)))


def reused(last: LastPlan) -> DeploymentPlan:
    """The last plan again, with the reason."""
    return replace(last.plan, reused=f"nothing has changed since the plan of {last.made}")


def may_be_kept(plan: DeploymentPlan) -> bool:
    """Only a plan without changes is clean, with nothing in flight and no finding that forbids it."""
    advisory = all(item.severity is Severity.ADVISORY for item in plan.findings)
    return not plan.changes and not plan.interrupted and advisory


def dump(last: LastPlan) -> dict[str, Any]:
    """As JSON data."""
    return {
        "version": _VERSION,
        "parts": dict(last.parts),
        "files": list(last.files),
        "plan": dump_deployment(last.plan),
        "made": last.made,
    }


def load(data: Mapping[str, Any]) -> LastPlan:
    """The inverse of `dump`; raises KeyError, TypeError or ValueError for what is not one."""
    if data["version"] != _VERSION:
        raise ValueError(f"version {data['version']}")
    return LastPlan(
        dict(data["parts"]), tuple(data["files"]), load_deployment(data["plan"]), str(data["made"])
    )
