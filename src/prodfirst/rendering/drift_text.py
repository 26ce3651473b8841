"""Drift, for people and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.planning.file import dump_step
from prodfirst.planning.steps import Operation
from prodfirst.rendering.plan_text import short_type, value_text


def drift_text(found: tuple[DeploymentDrift, ...], out: Console) -> None:
    """Print what differs, per deployment; resources that are gone first."""
    for item in found:
        heading = Text(item.deployment, style="bold")
        heading.append(f"  {item.skipped or _count(item)}", style="dim" if not item.steps else "bold yellow")
        out.print(heading)
        for step in sorted(item.steps, key=lambda step: step.operation is not Operation.DELETE):
            gone = step.operation is Operation.DELETE
            out.print(Text(f"  {'gone   ' if gone else 'changed'} {short_type(step.type)} {step.name}"))
            for change in step.changes:
                recorded, live = value_text(change.old), value_text(change.new)
                out.print(Text(f"        {change.path}: recorded {recorded}, live {live}"))
    if any(item.steps for item in found):
        out.print(Text("next: `prodfirst plan` shows what would set it right", style="dim"))


def _count(item: DeploymentDrift) -> str:
    return f"{len(item.steps)} drifted" if item.steps else "no drift"


def drift_json(found: tuple[DeploymentDrift, ...]) -> dict[str, Any]:
    """Version 1 of the drift's shape."""
    return {
        "prodfirst": "drift",
        "version": 1,
        "deployments": [
            {
                "deployment": item.deployment,
                "stateful": item.stateful,
                "skipped": item.skipped,
                "steps": [dump_step(step) for step in item.steps],
            }
            for item in found
        ],
    }
