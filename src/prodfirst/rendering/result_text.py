"""How an apply ended, for people and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from prodfirst.planning.results import EstateResult, Result

_STYLES = {
    Result.APPLIED: "green",
    Result.UNCHANGED: "dim",
    Result.REFUSED: "bold yellow",
    Result.FAILED: "bold red",
    Result.NOT_REACHED: "yellow",
}


def result_text(result: EstateResult, out: Console) -> None:
    """Print one line per deployment, and the reason where it did not succeed."""
    width = max((len(item.deployment) for item in result.deployments), default=0)
    for item in result.deployments:
        line = Text(f"{item.deployment:<{width}}  ", style="bold")
        line.append(f"{item.result:<11}", style=_STYLES[item.result])
        line.append(f"{item.seconds:6.1f} s  ", style="dim")
        line.append(", ".join(f"{count} {operation}" for operation, count in item.done.items()))
        out.print(line)
        for row in item.why.splitlines():
            out.print(Text(f"    {row}"))


def result_json(result: EstateResult) -> dict[str, Any]:
    """Version 1 of the result's shape."""
    return {
        "prodfirst": "result",
        "version": 1,
        "plan": result.plan,
        "deployments": [
            {
                "deployment": item.deployment,
                "result": item.result.value,
                "why": item.why,
                "done": dict(item.done),
                "seconds": round(item.seconds, 3),
            }
            for item in result.deployments
        ],
    }
