"""A finding: what a check says. Severities are Pulumi's policy words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prodfirst.kernel.errors import Position


class Severity(StrEnum):
    ADVISORY = "advisory"
    MANDATORY = "mandatory"


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one rule. `rule` is a stable identity such as `stateful-delete`."""

    rule: str
    severity: Severity
    what: str
    where: Position | str | None
    why: str
    fix: str
