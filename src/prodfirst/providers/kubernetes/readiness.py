"""Whether an object works, judged by the object itself: its own status is enough, and always readable.

The original also lists pods and replica sets, hangs where it may not, and calls an object unhealthy in the
state because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.providers.kubernetes.objects import Data, Kind


@dataclass(frozen=True, slots=True)
class Readiness:
    """One answer; neither ready nor failed means: wait."""

    ready: bool
    reason: str = ""
    failed: bool = False
    """It cannot become ready any more."""


READY = Readiness(True)

NEED_NODES = frozenset(
    {
        ("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("batch", "Job"), ("", "Pod"),
        ("", "Service"), ("", "PersistentVolumeClaim"), ("", "ReplicationController"),
        ("networking.k8s.io", "Ingress"),
    }
)  # fmt: skip
"""Kinds that get ready only where pods run, or a cloud's controllers do."""


def readiness(kind: Kind, live: Data) -> Readiness:
    """Of any kind; one without a rule here is ready when it exists, as in the original."""
    rule = _RULES.get((kind.group, kind.kind))
    return rule(live, live.get("spec") or {}, live.get("status") or {}) if rule else READY


def is_awaited(kind: Kind) -> bool:
    """Whether there is anything to wait for."""
    return (kind.group, kind.kind) in _RULES


def _waiting(reason: str) -> Readiness:
    return Readiness(False, reason)


def _observed(live: Data, status: Data) -> Readiness | None:
    """None once the controller has seen the newest version."""
    generation = (live.get("metadata") or {}).get("generation") or 0
    if (status.get("observedGeneration") or 0) < generation:
        return _waiting("its controller has not looked at it yet")
    return None


def _condition(status: Data, type: str) -> Mapping[str, Any]:
    for item in status.get("conditions") or []:
        if item.get("type") == type:
            return item  # type: ignore[no-any-return]
    return {}


def _said(condition: Mapping[str, Any]) -> str:
    return ": ".join(str(condition[key]) for key in ("reason", "message") if condition.get(key))


def _complaints(status: Data) -> str:
    """What the conditions say is wrong."""
    bad = {"ReplicaFailure": "True", "Available": "False", "Progressing": "False", "Failed": "True"}
    said = [_said(c) for c in status.get("conditions") or [] if bad.get(c.get("type")) == c.get("status")]
    return "; ".join(text for text in said if text)


def _counted(what: str, have: int, want: int, status: Data) -> Readiness:
    said = _complaints(status)
    return _waiting(f"{have} of {want} {what}" + (f": {said}" if said else ""))


def _deployment(live: Data, spec: Data, status: Data) -> Readiness:
    if (unseen := _observed(live, status)) is not None:
        return unseen
    progressing = _condition(status, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Readiness(False, _complaints(status) or _said(progressing), failed=True)
    want = spec.get("replicas", 1)
    if (updated := status.get("updatedReplicas") or 0) < want:
        return _counted("pods are of the new version", updated, want, status)
    if (total := status.get("replicas") or 0) > updated:
        return _waiting(f"{total - updated} pods of the old version are still there")
    if (available := status.get("availableReplicas") or 0) < want:
        return _counted("pods are available", available, want, status)
    return READY


def _stateful_set(live: Data, spec: Data, status: Data) -> Readiness:
    if (unseen := _observed(live, status)) is not None:
        return unseen
    want = spec.get("replicas", 1)
    if (ready := status.get("readyReplicas") or 0) < want:
        return _counted("pods are ready", ready, want, status)
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete" or (strategy.get("rollingUpdate") or {}).get("partition"):
        return READY
    if status.get("currentRevision") != status.get("updateRevision"):
        return _counted("pods are of the new version", status.get("updatedReplicas") or 0, want, status)
    return READY


def _daemon_set(live: Data, spec: Data, status: Data) -> Readiness:
    if (unseen := _observed(live, status)) is not None:
        return unseen
    want = status.get("desiredNumberScheduled") or 0
    updated = status.get("updatedNumberScheduled") or 0
    if (spec.get("updateStrategy") or {}).get("type") != "OnDelete" and updated < want:
        return _counted("pods are of the new version", updated, want, status)
    if (available := status.get("numberAvailable") or 0) < want:
        return _counted("pods are available", available, want, status)
    return READY


def _job(live: Data, spec: Data, status: Data) -> Readiness:
    if _condition(status, "Failed").get("status") == "True":
        return Readiness(False, _complaints(status), failed=True)
    if _condition(status, "Complete").get("status") == "True" or spec.get("suspend"):
        return READY
    return _waiting(f"{status.get('succeeded') or 0} of {spec.get('completions') or 1} pods have succeeded")


def _pod(live: Data, spec: Data, status: Data) -> Readiness:
    phase = status.get("phase") or "Pending"
    if phase == "Failed":
        return Readiness(False, status.get("message") or "it failed", failed=True)
    if phase == "Succeeded" or _condition(status, "Ready").get("status") == "True":
        return READY
    waiting = [
        _said(item.get("state", {}).get("waiting") or {}) for item in status.get("containerStatuses") or []
    ]
    said = [*filter(None, waiting), _said(_condition(status, "PodScheduled")), f"its phase is {phase}"]
    return _waiting(next(text for text in said if text))


def _service(live: Data, spec: Data, status: Data) -> Readiness:
    balanced = (status.get("loadBalancer") or {}).get("ingress")
    if spec.get("type") == "LoadBalancer" and not balanced:
        return _waiting("it has no address of a load balancer yet")
    return READY


def _ingress(live: Data, spec: Data, status: Data) -> Readiness:
    if not (status.get("loadBalancer") or {}).get("ingress"):
        return _waiting("it has no address yet: no controller has taken it up")
    return READY


def _claim(live: Data, spec: Data, status: Data) -> Readiness:
    phase = status.get("phase") or "Pending"
    return READY if phase == "Bound" else _waiting(f"its phase is {phase}")


def _volume(live: Data, spec: Data, status: Data) -> Readiness:
    phase = status.get("phase") or "Pending"
    return READY if phase in ("Available", "Bound") else _waiting(f"its phase is {phase}")


def _replication_controller(live: Data, spec: Data, status: Data) -> Readiness:
    want = spec.get("replicas", 1)
    ready = status.get("readyReplicas") or 0
    return READY if ready >= want else _counted("pods are ready", ready, want, status)


def _quota(live: Data, spec: Data, status: Data) -> Readiness:
    if status.get("hard") != spec.get("hard"):
        return _waiting("its limits are not counted yet")
    return READY


def _definition(live: Data, spec: Data, status: Data) -> Readiness:
    refused = _condition(status, "NamesAccepted")
    if refused.get("status") == "False":
        return Readiness(False, _said(refused), failed=True)
    established = _condition(status, "Established").get("status") == "True"
    return READY if established else _waiting("the server does not serve it yet")


_RULES: Mapping[tuple[str, str], Callable[[Data, Data, Data], Readiness]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "ReplicationController"): _replication_controller,
    ("", "ResourceQuota"): _quota,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}
