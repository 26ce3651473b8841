"""What the API server of a cluster was asked about each object that a plan makes or changes, and what not.

It is news of the moment, and no part of a plan's digest: a cluster that could not be reached for a moment
makes no approved plan another one. Nothing rests on it either: apply has every object tried under its own
identity before it changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prodfirst.planning.steps import Operation, Step
from prodfirst.resources.graph import Urn

_KIND = "kubernetes:"
_ASKED = frozenset({Operation.CREATE, Operation.UPDATE, Operation.REPLACE, Operation.DELETE})


class Verdict(StrEnum):
    """What became of one object's check."""

    PASSED = "passed"
    """The API server took it in a dry run: permissions, admission, quotas and fields are right."""
    READ = "read"
    """The identity may not write, so it may not try; what a reader sees is as the plan has it."""
    REFUSED = "refused"
    """It would fail now."""
    DEFERRED = "deferred"
    """It needs something that is not there yet, such as its namespace or its kind."""
    UNCHECKED = "unchecked"
    """Nothing could be asked."""


@dataclass(frozen=True, slots=True)
class ObjectCheck:
    """One object of a plan."""

    urn: Urn
    verdict: Verdict
    checked: str = ""
    """What was checked; empty for nothing."""
    why: str = ""
    """What could not be checked and why not, or the server's refusal."""


def concerns_cluster(step: Step) -> bool:
    """Whether it makes, changes or deletes an object of a cluster."""
    return step.type.startswith(_KIND) and step.operation in _ASKED


def dump_check(item: ObjectCheck) -> dict[str, str]:
    """`{"urn", "verdict": "passed"|"read"|"refused"|"deferred"|"unchecked", "checked", "why"}`."""
    return {"urn": item.urn, "verdict": item.verdict.value, "checked": item.checked, "why": item.why}


def load_check(data: dict[str, Any]) -> ObjectCheck:
    """The inverse; raises KeyError or ValueError."""
    return ObjectCheck(Urn(data["urn"]), Verdict(data["verdict"]), data["checked"], data["why"])
