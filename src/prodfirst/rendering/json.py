"""The format for machines: one JSON value per answer, each with its kind and version.

Every shape begins with `"prodfirst": KIND, "version": 1`. Fields may be added within a version, and are never
renamed or removed. Secrets are `{"$prodfirst": "secret"}`, unknown values `{"$prodfirst": "unknown"}`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from prodfirst.access.attempts import Attempt
from prodfirst.planning.checks import dump_check
from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.planning.file import dump, dump_finding, dump_step
from prodfirst.planning.interrupted import dump_interrupted
from prodfirst.planning.plan import EstatePlan
from prodfirst.planning.recorded import DeploymentStatus
from prodfirst.planning.results import DeploymentResult, EstateResult
from prodfirst.planning.steps import Operation, Step
from prodfirst.rendering.interface import Format
from prodfirst.resources.values import Value, to_json


@dataclass(frozen=True, slots=True)
class Json(Format):
    """Writes on `out`, indented, with a line end."""

    out: TextIO

    def plan(self, plan: EstatePlan) -> None:
        """The plan file's own shape (planning/file.py)."""
        self._write(dump(plan))

    def result(self, result: EstateResult) -> None:
        deployments = [_result(item) for item in result.deployments]
        self._write({"prodfirst": "result", "version": 1, "plan": result.plan, "deployments": deployments})

    def drift(self, found: tuple[DeploymentDrift, ...]) -> None:
        self._write({"prodfirst": "drift", "version": 1, "deployments": [_drift(item) for item in found]})

    def isolation(self, attempts: tuple[Attempt, ...]) -> None:
        shown = [{**asdict(item), "right": item.right} for item in attempts]
        self._write({"prodfirst": "isolation", "version": 1, "attempts": shown})

    def status(self, found: tuple[DeploymentStatus, ...]) -> None:
        self._write({"prodfirst": "status", "version": 1, "deployments": [asdict(item) for item in found]})

    def outputs(self, deployment: str, values: Mapping[str, Value]) -> None:
        shown = {name: to_json(value) for name, value in values.items()}
        self._write({"prodfirst": "outputs", "version": 1, "deployment": deployment, "outputs": shown})

    def _write(self, data: Mapping[str, Any]) -> None:
        """ASCII only: no terminal, pipe or log can damage it."""
        self.out.write(json.dumps(data, indent=2, allow_nan=False) + "\n")
        self.out.flush()


def _result(item: DeploymentResult) -> dict[str, Any]:
    return {
        "deployment": item.deployment,
        "result": item.result.value,
        "why": item.why,
        "findings": [dump_finding(finding) for finding in item.findings],
        "done": [_step(step) for step in item.done if step.operation is not Operation.SAME],
        "failed": [{**_step(failure.step), "reasons": list(failure.reasons)} for failure in item.failed],
        "interrupted": [dump_interrupted(entry) for entry in item.interrupted],
        "objects": [dump_check(check) for check in item.objects],
        "unfinished": [_step(step) for step in item.unfinished],
        "totals": dict(Counter(step.operation.value for step in item.done)),
        "seconds": round(item.seconds, 3),
    }


def _drift(item: DeploymentDrift) -> dict[str, Any]:
    return {
        "deployment": item.deployment,
        "stateful": item.stateful,
        "skipped": item.skipped,
        "steps": [dump_step(step) for step in item.steps],
        "findings": [dump_finding(finding) for finding in item.findings],
    }


def _step(step: Step) -> dict[str, str]:
    return {"operation": step.operation.value, "urn": step.urn}
