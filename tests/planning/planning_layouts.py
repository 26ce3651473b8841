"""Plans written in one line a step: `operation name key=value ...`; `?` is unknown, `!` is secret."""

from __future__ import annotations

from typing import Any

from prodfirst.planning.interrupted import Fate, Interrupted
from prodfirst.planning.plan import DeploymentPlan, Digest, EstatePlan
from prodfirst.planning.state import StateVersion
from prodfirst.planning.steps import Change, Operation, Step
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import SECRET, UNKNOWN, Value, freeze

_SPECIAL: dict[str, Value] = {"?": UNKNOWN, "!": SECRET}


def urn(name: str) -> Urn:
    return Urn(f"urn:pulumi:local::acme-storage::aws:s3/bucket:Bucket::{name}")


def step(line: str) -> Step:
    operation, name, *pairs = line.split()
    raw: dict[str, Any] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        raw[key] = _SPECIAL.get(value, value)
    inputs = freeze(raw)
    assert not isinstance(inputs, (str, int, float, bool, tuple))
    assert inputs is not None
    changes = (Change("x", "old", "new"),) if operation in ("update", "replace") else ()
    return Step(Operation(operation), urn(name), inputs, changes)  # type: ignore[arg-type]


def deployment(*lines: str, state: str = "s1", program: str = "sha256:p", **other: Any) -> DeploymentPlan:
    values: dict[str, Any] = {
        "stack": "storage",
        "environment": "local",
        "project": "acme-storage",
        "layer": "infrastructure",
        "owner": "platform",
        "stateful": True,
        "configuration": Digest("sha256:c"),
        "identity": "arn:aws:iam::111122223333:role/plan",
    }
    return DeploymentPlan(
        **(values | other),
        program=Digest(program),
        state=StateVersion(state),
        steps=tuple(map(step, lines)),
    )


def estate(*plans: DeploymentPlan) -> EstatePlan:
    return EstatePlan("acme", "local", False, "2026-01-01T00:00:00Z", "v3.259.0", plans)


def cut_off(name: str, fate: Fate, id: str = "", why: str = "") -> Interrupted:
    return Interrupted("creating", urn(name), fate, id, why)
