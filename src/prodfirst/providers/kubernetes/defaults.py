"""Values that mean the same: what the server fills in for nothing, and amounts that are spelled otherwise.

A program that adopts an object need not repeat the server's defaults, and one that stops to repeat them
changes nothing. Source: the defaulting functions of the API (kubernetes v1.37, `pkg/apis/*/v1/defaults.go`).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    # pods
    "dnsPolicy": ("ClusterFirst",),
    "restartPolicy": ("Always",),
    "schedulerName": ("default-scheduler",),
    "terminationGracePeriodSeconds": (30,),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "imagePullPolicy": ("Always", "IfNotPresent"),
    "enableServiceLinks": (True,),
    "defaultMode": (420,),
    # probes
    "failureThreshold": (3,),
    "periodSeconds": (10,),
    "scheme": ("HTTP",),
    "successThreshold": (1,),
    "timeoutSeconds": (1,),
    # controllers of pods
    "maxSurge": ("25%", 0),
    "maxUnavailable": ("25%", 1),
    "partition": (0,),
    "podManagementPolicy": ("OrderedReady",),
    "progressDeadlineSeconds": (600,),
    "replicas": (1,),
    "revisionHistoryLimit": (10,),
    "whenDeleted": ("Retain",),
    "whenScaled": ("Retain",),
    # jobs
    "backoffLimit": (6,),
    "completionMode": ("NonIndexed",),
    "completions": (1,),
    "concurrencyPolicy": ("Allow",),
    "failedJobsHistoryLimit": (1,),
    "manualSelector": (False,),
    "parallelism": (1,),
    "podReplacementPolicy": ("TerminatingOrFailed",),
    "successfulJobsHistoryLimit": (3,),
    "suspend": (False,),
    # services, claims, the rest
    "type": ("ClusterIP", "Opaque", "RollingUpdate"),
    "internalTrafficPolicy": ("Cluster",),
    "ipFamilies": (["IPv4"],),
    "ipFamilyPolicy": ("SingleStack",),
    "protocol": ("TCP",),
    "sessionAffinity": ("None",),
    "volumeMode": ("Filesystem",),
    "minReplicas": (1,),
    "apiGroup": ("rbac.authorization.k8s.io",),
    "policyTypes": (["Ingress"],),
}
"""Field → what stands there where nothing was said."""
_AMOUNTS = frozenset(
    {"requests", "limits", "hard", "capacity", "default", "defaultRequest", "max", "min", "sizeLimit"}
)
"""Fields below which values are amounts of resources."""
_UNITS = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1), "k": Decimal(10**3),
    "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12), "P": Decimal(10**15),
    "E": Decimal(10**18), "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30),
    "Ti": Decimal(2**40), "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip
"""kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity."""


def is_default(field: str, value: Any) -> bool:
    """Whether the server would say the same if the program said nothing."""
    if value in ({}, []):
        return True
    if field == "selector" and isinstance(value, dict):
        return set(value.get("matchLabels") or {}) == {"batch.kubernetes.io/controller-uid"}
    if field == "labels" and isinstance(value, dict):
        return all(map(_is_of_server, value))
    if isinstance(value, dict):
        return all(is_default(key, item) for key, item in value.items())
    known = _DEFAULTS.get(field, ())
    return any(value == item and isinstance(value, type(item)) for item in known) or _is_of_server(field)


def is_same_amount(path: tuple[Any, ...], left: Any, right: Any) -> bool:
    """Whether two values are one amount, such as `0.5` and `500m` of a processor."""
    if not any(step in _AMOUNTS for step in path):
        return False
    one, other = _amount(left), _amount(right)
    return one is not None and one == other


def with_text_as_data(secret: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret as the server keeps it: `stringData` is a way to write `data`."""
    text = secret.get("stringData")
    if not isinstance(text, dict):
        return dict(secret)
    data = {key: _encoded(value) for key, value in text.items()}
    kept = {key: value for key, value in secret.items() if key != "stringData"}
    return {**kept, "data": {**(secret.get("data") or {}), **data}}


def _encoded(value: Any) -> Any:
    return base64.b64encode(value.encode()).decode() if isinstance(value, str) else value


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)([a-zA-Z]{0,2})", str(value))
    if found is None or found.group(2) not in _UNITS:
        return None
    return Decimal(found.group(1)) * _UNITS[found.group(2)]


def _is_of_server(key: str) -> bool:
    """Labels that the server sets on every object of a kind."""
    return key in (
        "kubernetes.io/metadata.name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "controller-uid",
        "job-name",
    )
