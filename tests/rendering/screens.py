"""What people see: rendered text at a width, without a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rich.console import Console

from prodfirst.kernel.errors import Position
from prodfirst.planning.plan import EstatePlan
from prodfirst.planning.steps import Change, Operation, Step
from prodfirst.rendering.console import PlainConsole
from prodfirst.rendering.text import Text
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import freeze


def screen(draw: Callable[[Console], None], width: int = 80) -> str:
    """What `draw` prints."""
    stream = io.StringIO()
    draw(PlainConsole(stream, width))
    return stream.getvalue()


def plan_screen(plan: EstatePlan, *, verbose: bool = False, width: int = 80) -> str:
    """A plan in the format for people."""
    return screen(lambda out: Text(out, verbose).plan(plan), width)


def made(
    operation: str,
    name: str,
    *changes: tuple[str, Any, Any],
    type: str = "aws:ec2/vpc:Vpc",
    line: int | None = None,
    forces: tuple[str, ...] = (),
    inputs: dict[str, Any] | None = None,
) -> Step:
    """A step; `changes` are (path, old, new), `forces` the paths that force a replacement."""
    step = Step(
        Operation(operation),
        Urn(f"urn:pulumi:local::acme::{type}::{name}"),
        freeze(inputs or {}),  # type: ignore[arg-type]
        tuple(Change(path, freeze(old), freeze(new), path in forces) for path, old, new in changes),
    )
    return replace(step, source=Position("stacks/network/__main__.py", line) if line else None)
