"""How a Kubernetes object differs from its program, by the two states of a refresh.

The live object's other fields change all the time: status, versions, owners. And the original provider looks
only at what the program sets. So the comparison is of inputs: those on record, and those that the live object
stands for (`providers/kubernetes/live.py`), whichever provider answered the refresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prodfirst.providers.kubernetes.live import live_inputs
from prodfirst.providers.kubernetes.objects import is_patch, kind_of
from prodfirst.providers.kubernetes.state import INPUTS, MANAGER, live_of
from prodfirst.resources.values import Value, freeze


def is_object(type: str, outputs: Mapping[str, Value]) -> bool:
    """Whether a resource is a Kubernetes object, with its inputs in its outputs."""
    return type.startswith("kubernetes:") and INPUTS in outputs


def compared(
    type: str, old: Mapping[str, Value], new: Mapping[str, Value]
) -> tuple[Mapping[str, Value], Mapping[str, Value]]:
    """The inputs on record, and those that the live object stands for."""
    recorded, live = _thawed(old), _thawed(new)
    inputs = recorded.get(INPUTS)
    if not isinstance(inputs, dict):
        return {}, {}
    found = live_inputs(
        kind_of(type, inputs),
        live_of(live),
        inputs,
        live_of(recorded),
        str(recorded.get(MANAGER) or ""),
        additions=not is_patch(type),
    )
    return _frozen(inputs), _frozen(found)


def _frozen(data: dict[str, Any]) -> Mapping[str, Value]:
    return {key: freeze(value) for key, value in data.items()}


def _thawed(value: Any) -> Any:
    """Plain dictionaries and lists, with the marks of secrets kept."""
    if isinstance(value, Mapping):
        return {key: _thawed(item) for key, item in value.items()}
    return [_thawed(item) for item in value] if isinstance(value, tuple) else value
