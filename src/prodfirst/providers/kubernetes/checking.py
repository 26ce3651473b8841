"""The inputs of an object with names and defaults filled in, and what is wrong with them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from prodfirst.providers.kubernetes.objects import (
    AUTONAMED,
    PROPAGATION,
    TIMEOUT_SECONDS,
    WAIT_FOR,
    Data,
    annotation,
    is_named,
    is_patch,
    is_true,
    kind_of,
    metadata,
    name_of,
)
from prodfirst.providers.properties import UNKNOWN
from prodfirst.providers.schema import Failure

_NAME = "metadata.name"


@dataclass(frozen=True, slots=True)
class Naming:
    """How the engine wants an object named that the program gives no name."""

    seed: bytes
    proposed: str = ""
    """The engine's own choice, where the project configures autonaming."""
    disabled: bool = False


def checked(token: str, name: str, given: Data, old: Data, naming: Naming) -> tuple[Data, list[Failure]]:
    """`given` as the program says it, `old` the inputs on record (empty for a new object)."""
    kind = kind_of(token, given)
    inputs = {**given, "apiVersion": kind.api_version, "kind": kind.kind}
    failures = _wrong(token, kind.kind, inputs)
    if failures or is_patch(token) or is_named(inputs) or metadata(inputs).get("generateName"):
        return inputs, failures
    if "metadata" in inputs and not isinstance(inputs["metadata"], dict):
        return inputs, failures
    if old and is_true(old, AUTONAMED):
        return _named(inputs, name_of(old)), failures
    if naming.disabled:
        return inputs, [Failure(_NAME, "autonaming is disabled: give the object a name")]
    suffix = hashlib.sha256(naming.seed).hexdigest()[:8]
    return _named(inputs, naming.proposed or f"{name}-{suffix}"), failures


def with_namespace(inputs: Data, namespace: str) -> Data:
    """A namespaced object without a namespace gets this one."""
    given = inputs.get("metadata", {})
    if not namespace or not isinstance(given, dict) or given.get("namespace"):
        return inputs
    return {**inputs, "metadata": {**given, "namespace": namespace}}


def _named(inputs: Data, name: str) -> Data:
    given = metadata(inputs)
    annotations = given.get("annotations")
    if annotations is None or isinstance(annotations, dict):
        annotations = {**(annotations or {}), AUTONAMED: "true"}
    return {**inputs, "metadata": {**given, "name": name, "annotations": annotations}}


def _wrong(token: str, kind: str, inputs: Data) -> list[Failure]:
    found = []
    if kind.endswith("List") and "items" in inputs:
        found.append(Failure("items", f"a `{kind}` cannot be created: make a resource of each of its items"))
    if is_patch(token) and not is_named(inputs):
        found.append(Failure(_NAME, "a patch needs the name of the object that it changes"))
    if metadata(inputs).get("generateName") and not is_named(inputs):
        reason = "is not supported with server-side apply: leave it out, and a name is made up"
        found.append(Failure("metadata.generateName", f"`generateName` {reason}"))
    return [*found, *_annotations(inputs)]


def _annotations(inputs: Data) -> list[Failure]:
    """Values of our own annotations that would be passed over silently."""
    found = []
    seconds = annotation(inputs, TIMEOUT_SECONDS)
    if seconds and not seconds.isdigit():
        reason = f"`{TIMEOUT_SECONDS}` is a number of seconds, not `{seconds}`"
        found.append(Failure(f'metadata.annotations["{TIMEOUT_SECONDS}"]', reason))
    policy = annotation(inputs, PROPAGATION)
    if policy and policy.lower() not in ("foreground", "background", "orphan"):
        reason = f"a deletion is `foreground`, `background` or `orphan`, not `{policy}`"
        found.append(Failure(f'metadata.annotations["{PROPAGATION}"]', reason))
    if annotation(inputs, WAIT_FOR):
        reason = f"`{WAIT_FOR}` is not supported by the local provider: leave it out"
        found.append(Failure(f'metadata.annotations["{WAIT_FOR}"]', reason))
    return [*found, *_labels(inputs)]


def _labels(inputs: Data) -> list[Failure]:
    """Labels and annotations are texts: a bare number or `true` fails only at the server, without a place."""
    found = []
    for field in ("labels", "annotations"):
        given: Any = metadata(inputs).get(field)
        for key, value in given.items() if isinstance(given, dict) else ():
            if not isinstance(value, str) and value is not UNKNOWN:
                path = f'metadata.{field}["{key}"]'
                found.append(Failure(path, f"`{path}` must be a text: write `{value!s}` in quotes"))
    return found
