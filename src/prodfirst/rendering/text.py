"""The format for people: risk first, in the width of the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text as Line

from prodfirst.access.attempts import Attempt
from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.planning.plan import EstatePlan
from prodfirst.planning.recorded import DeploymentStatus
from prodfirst.planning.results import EstateResult
from prodfirst.rendering.drift_text import drift_text
from prodfirst.rendering.interface import Format
from prodfirst.rendering.isolation_text import isolation_text
from prodfirst.rendering.plain import printable
from prodfirst.rendering.plan_text import plan_text
from prodfirst.rendering.result_text import result_text
from prodfirst.rendering.status_text import status_text
from prodfirst.rendering.values_text import value_text
from prodfirst.resources.values import Value


@dataclass(frozen=True, slots=True)
class Text(Format):
    """Writes on `out`; `verbose` unfolds everything."""

    out: Console
    verbose: bool = False

    def plan(self, plan: EstatePlan) -> None:
        plan_text(plan, self.out, verbose=self.verbose)

    def result(self, result: EstateResult) -> None:
        result_text(result, self.out)

    def drift(self, found: tuple[DeploymentDrift, ...]) -> None:
        drift_text(found, self.out)

    def isolation(self, attempts: tuple[Attempt, ...]) -> None:
        isolation_text(attempts, self.out, verbose=self.verbose)

    def status(self, found: tuple[DeploymentStatus, ...]) -> None:
        status_text(found, self.out)

    def outputs(self, deployment: str, values: Mapping[str, Value]) -> None:
        for name, value in values.items():
            self.out.print(Line(f"{printable(name)}: {value_text(value, None)}"))
        if not values:
            self.out.print(Line(f"`{printable(deployment)}` has no outputs", style="dim"))
