"""Fields that the server and Kubernetes' own controllers fill in: nobody's change, so no drift.

By place, not by manager alone: a manager's name is whatever its client says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prodfirst.providers.kubernetes.objects import Data, Kind
from prodfirst.providers.kubernetes.ownership import Owner

Path = tuple[str, ...]
"""Names of fields; an item of a list is `*`."""

SERVER_METADATA = frozenset(
    {
        "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink",
        "deletionTimestamp", "deletionGracePeriodSeconds",
    }
)  # fmt: skip

_ANNOTATIONS = (
    "autoscaling.alpha.kubernetes.io/", "batch.kubernetes.io/job-tracking",
    "control-plane.alpha.kubernetes.io/", "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation", "kubectl.kubernetes.io/last-applied-configuration",
    "pv.kubernetes.io/", "rbac.authorization.kubernetes.io/autoupdate", "volume.beta.kubernetes.io/",
    "volume.kubernetes.io/",
)  # fmt: skip
"""Prefixes; kubernetes.io/docs/reference/labels-annotations-taints."""
_FINALIZERS = ("kubernetes.io", "k8s.io", "k8s.aws")
"""Domains of the finalizers that controllers set on what they look after."""
_OWN_FINALIZERS = frozenset({"foregroundDeletion", "orphan", "kubernetes"})

_FIELDS: dict[str, tuple[Path, ...]] = {
    "Namespace": (("spec", "finalizers"),),
    "PersistentVolumeClaim": (("spec", "volumeName"),),
    "PersistentVolume": (("spec", "claimRef"),),
    "ServiceAccount": (("secrets",),),
    "Pod": (("spec", "nodeName"),),
    "Service": (("spec", "clusterIP"), ("spec", "clusterIPs"), ("spec", "healthCheckNodePort")),
    "CertificateSigningRequest": (
        ("spec", "username"),
        ("spec", "groups"),
        ("spec", "uid"),
        ("spec", "extra"),
    ),
}
"""Set by a controller, or by the server, at any time after creation."""


def is_filled(kind: Kind, live: Data, path: Path, value: Any) -> bool:
    """Whether a field that the program does not set is one of those."""
    match path:
        case ("status", *_) | ("apiVersion",) | ("kind",):
            return True
        case ("metadata", field) if field in SERVER_METADATA:
            return True
        case ("metadata", "annotations", key):
            return key.startswith(_ANNOTATIONS)
        case ("metadata", "finalizers", "*"):
            return _is_controllers(str(value))
        case ("rules", *_) if kind.kind == "ClusterRole":
            return bool(live.get("aggregationRule"))
    return kind.built_in and path in _FIELDS.get(kind.kind, ())


def counts(owner: Owner) -> bool:
    """Whether an owner's fields can be drift: the autoscaler's scaling is what it is there for."""
    return not (owner.subresource == "scale" and owner.manager == "kube-controller-manager")


def without(found: Iterable[Owner]) -> tuple[Owner, ...]:
    """The owners that count."""
    return tuple(owner for owner in found if counts(owner))


def _is_controllers(finalizer: str) -> bool:
    domain = finalizer.partition("/")[0]
    return finalizer in _OWN_FINALIZERS or any(
        domain == known or domain.endswith(f".{known}") for known in _FINALIZERS
    )
