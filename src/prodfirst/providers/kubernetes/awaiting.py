"""Waits that hold: for an object to work, and for one to be gone. Only `get` on the object is needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prodfirst.providers.kubernetes.client import ApiError, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster, UnknownKind
from prodfirst.providers.kubernetes.objects import (
    PROPAGATION,
    SKIP_AWAIT,
    TIMEOUT_SECONDS,
    Data,
    Kind,
    annotation,
    is_true,
    metadata,
)
from prodfirst.providers.kubernetes.readiness import readiness

DEFAULT_SECONDS = 600.0
_POLL = (0.1, 2.0)
"""The first and the longest pause."""
_OUTAGE_SECONDS = 30.0
"""How long a server that gave an answer before may give none."""
_SKIP_GONE = frozenset({"Namespace", "Pod", "Deployment", "StatefulSet", "DaemonSet", "Job"})
"""Kinds whose deletion is not waited for with `pulumi.com/skipAwait`, as in the original."""
_POD_OWNERS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicationController"})
_PODS_SHOWN = 3
_POD = Kind("", "v1", "Pod")


class NotReady(Exception):
    """It exists, and does not work; the text says why."""


class NotGone(Exception):
    """Deletion was asked for, and is held up; the text says by what."""


@dataclass(frozen=True, slots=True)
class Target:
    """One object on one cluster."""

    cluster: Cluster
    kind: Kind
    namespace: str
    name: str
    stopping: threading.Event
    """Set when the user asks to stop: waits end then."""

    @property
    def text(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind.kind} `{where}{self.name}`"


def seconds_of(inputs: Data, asked: float) -> float:
    """How long to wait: the resource's own timeout, its annotation, or ten minutes."""
    said = annotation(inputs, TIMEOUT_SECONDS)
    return asked or (float(said) if said.isdigit() else 0.0) or DEFAULT_SECONDS


def until_ready(target: Target, live: Data, seconds: float) -> Data:
    """The live object once it works. Raises NotReady."""
    begun = seen = time.monotonic()
    lost: Unreachable | None = None
    for pause in _pauses():
        found = readiness(target.kind, live)
        if found.ready:
            return live
        if found.failed:
            raise NotReady(f"{target.text} failed: {found.reason}{_pods(target, live)}")
        now = time.monotonic()
        if lost is not None and now + pause > min(seen + _OUTAGE_SECONDS, begun + seconds):
            raise NotReady(f"{target.text} could not be watched any longer: {lost}")
        if now + pause > begun + seconds:
            waited = f"was not ready within {seconds:g} s: {found.reason}"
            raise NotReady(f"{target.text} {waited}{_pods(target, live)}")
        if target.stopping.wait(pause):
            raise NotReady(f"{target.text}: the wait was stopped on request; {found.reason}")
        try:
            fresh = target.cluster.find(target.kind, target.namespace, target.name)
        except Unreachable as error:
            lost = error
            continue
        if fresh is None:
            raise NotReady(f"{target.text} was deleted by somebody while it was waited for")
        live, lost, seen = fresh, None, time.monotonic()
    raise AssertionError("the pauses have no end")


def delete(target: Target, inputs: Data, seconds: float) -> None:
    """Delete it and wait until it is gone; one that is not there is gone already.

    Raises NotGone after `seconds`, naming what holds it up.
    """
    try:
        target.cluster.delete(target.kind, target.namespace, target.name, _propagation(inputs))
    except UnknownKind:
        return
    except ApiError as error:
        if error.gone:
            return
        if error.code != 409 or target.kind.kind != "Namespace":
            raise
    if is_true(inputs, SKIP_AWAIT) and target.kind.kind in _SKIP_GONE:
        return
    _until_gone(target, seconds)


def _until_gone(target: Target, seconds: float) -> None:
    begun = seen = time.monotonic()
    lost: Unreachable | None = None
    last: Data = {}
    for pause in _pauses():
        try:
            live = target.cluster.find(target.kind, target.namespace, target.name)
            if live is None or _is_another(live, last):
                return
            last, lost, seen = live, None, time.monotonic()
        except ApiError as error:
            if error.code != 403:
                raise
            why = "this identity may not `get` it, so nobody knows whether it is gone"
            raise NotGone(f"deletion of {target.text} was asked for; {why}: {error}") from error
        except Unreachable as error:
            lost = error
        now = time.monotonic()
        if lost is not None and now + pause > min(seen + _OUTAGE_SECONDS, begun + seconds):
            raise NotGone(f"deletion of {target.text} was asked for; then {lost}")
        if now + pause > begun + seconds:
            raise NotGone(f"{target.text} is not gone after {seconds:g} s: {_held_by(last)}")
        if target.stopping.wait(pause):
            raise NotGone(f"deletion of {target.text} was asked for; the wait was stopped on request")


def _is_another(live: Data, last: Data) -> bool:
    """Whether somebody made a new object of the same name."""
    return bool(last) and metadata(live).get("uid") != metadata(last).get("uid")


def _pauses() -> Iterator[float]:
    """Seconds between two looks: short at first."""
    pause, longest = _POLL
    while True:
        yield pause
        pause = min(pause * 1.5, longest)


def _held_by(live: Data) -> str:
    """What keeps an object that is marked for deletion."""
    given = metadata(live)
    finalizers = [*(given.get("finalizers") or []), *((live.get("spec") or {}).get("finalizers") or [])]
    said = [
        str(item.get("message"))
        for item in (live.get("status") or {}).get("conditions") or []
        if item.get("status") == "True" and item.get("message")
    ]
    if not given.get("deletionTimestamp"):
        return "it is not marked for deletion: somebody made it again"
    if "foregroundDeletion" in finalizers:
        said.append("its dependents are not gone, or the cluster runs no garbage collector")
    held = ", ".join(f"`{name}`" for name in finalizers)
    why = f"the finalizers {held} are not done" if finalizers else "its grace period is not over"
    return "; ".join([why, *said])


def _propagation(inputs: Data) -> str:
    """`Foreground` unless the annotation says otherwise, as in the original."""
    return (annotation(inputs, PROPAGATION) or "Foreground").capitalize()


def _pods(target: Target, live: Data) -> str:
    """What pods say, where they may be listed: they know more than their owner. Never a reason to fail."""
    labels = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels")
    if target.kind.kind not in _POD_OWNERS or not isinstance(labels, Mapping):
        return ""
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    try:
        pods = target.cluster.listed(_POD, target.namespace, selector)
    except (ApiError, Unreachable) as error:
        return f" (its pods could not be looked at: {error})"
    found = [(item, readiness(_POD, item)) for item in pods]
    lines = [f"pod `{metadata(item).get('name')}`: {said.reason}" for item, said in found if not said.ready]
    more = f"; and {len(lines) - _PODS_SHOWN} more" if len(lines) > _PODS_SHOWN else ""
    return f"; {'; '.join(lines[:_PODS_SHOWN])}{more}" if lines else ""
