"""The Kubernetes objects of a plan, and what became of asking a cluster about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prodfirst.adapters.kubernetes.plain import plain
from prodfirst.kernel.errors import Problem
from prodfirst.planning.checks import ObjectCheck, Verdict
from prodfirst.planning.steps import Operation
from prodfirst.providers.kubernetes.losing import Doubt
from prodfirst.providers.kubernetes.objects import Data, Kind, is_patch, name_of, namespace_of
from prodfirst.providers.kubernetes.ownership import CREATOR
from prodfirst.resources.graph import Urn, urn_name
from prodfirst.resources.values import Value


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One step of a plan on one Kubernetes object."""

    urn: Urn
    type: str
    """Pulumi's, such as `kubernetes:apps/v1:Deployment`."""
    operation: Operation
    inputs: Mapping[str, Value]
    """Checked inputs, with names and defaults; unknown and secret values as marks."""
    manager: str = CREATOR
    """The field manager on record (`__fieldManager`), for updates."""
    takes_over: bool = False
    """Whether its provider takes over what is there already (`upsertExistingObjects`)."""
    doubt: Doubt | None = None
    """Its creation, where that got no answer, so that an update may have to make it."""

    @property
    def upsert(self) -> bool:
        """Whether it may be there before it is created."""
        return self.takes_over or is_patch(self.type)


@dataclass(frozen=True, slots=True)
class Checked:
    """One answer."""

    object: PlannedObject
    verdict: Verdict
    why: str = ""
    checked: str = ""
    gone: bool = False
    """Whether it is refused for something that is not there."""

    @property
    def check(self) -> ObjectCheck:
        """As a plan holds it."""
        return ObjectCheck(self.object.urn, self.verdict, self.checked, self.why)


@dataclass(frozen=True, slots=True)
class Preflight:
    """All answers, in the plan's order."""

    answers: tuple[Checked, ...]

    def of(self, verdict: Verdict) -> tuple[Checked, ...]:
        """Those with this verdict."""
        return tuple(answer for answer in self.answers if answer.verdict is verdict)

    def problems(self) -> tuple[Problem, ...]:
        """All refusals, one problem each."""
        return tuple(
            Problem(
                what=f"the cluster refuses `{urn_name(answer.object.urn)}` ({answer.object.type})",
                where=answer.object.urn,
                why=answer.why,
            )
            for answer in self.of(Verdict.REFUSED)
        )

    @property
    def checks(self) -> tuple[ObjectCheck, ...]:
        """As a plan holds them."""
        return tuple(answer.check for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Made:
    """What the plan itself makes."""

    namespaces: frozenset[str]
    kinds: frozenset[tuple[str, str]]
    """Group and kind."""
    names: frozenset[str]

    @staticmethod
    def of(objects: Sequence[PlannedObject]) -> Made:
        """By what is created or replaced."""
        new = [item for item in objects if item.operation in (Operation.CREATE, Operation.REPLACE)]
        inputs = [plain(item.inputs)[0] for item in new]
        kinds = {_defined(item) for item in inputs if item.get("kind") == "CustomResourceDefinition"}
        return Made(
            frozenset(name_of(item) for item in inputs if item.get("kind") == "Namespace"),
            frozenset(kind for kind in kinds if kind is not None),
            frozenset(name_of(item) for item in inputs),
        )

    def waited_for(self, kind: Kind, inputs: Data) -> str:
        """What of it an object needs, in words; empty for nothing."""
        if namespace_of(inputs) in self.namespaces:
            return f"its namespace `{namespace_of(inputs)}` is made by the same apply"
        if (kind.group, kind.kind) in self.kinds:
            return f"its kind `{kind.kind}` is defined by the same apply"
        return ""


def _defined(definition: Data) -> tuple[str, str] | None:
    spec = definition.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(names, dict):
        return None
    return str(spec.get("group")), str(names.get("kind"))
