"""Kinds of the Kubernetes API: plural names, scope, and what waiting for one looks at."""

from __future__ import annotations

from collections.abc import Mapping

CLUSTER_WIDE = frozenset(
    {
        "APIService", "CSIDriver", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
        "CustomResourceDefinition", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node",
        "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    }
)  # fmt: skip
"""Kinds without a namespace."""

SKIPPED_AWAIT = frozenset({"DaemonSet", "Deployment", "Job", "Namespace", "Pod", "StatefulSet"})
"""Kinds whose removal with `pulumi.com/skipAwait` needs `delete` alone."""

AWAITS: Mapping[str, tuple[str, ...]] = {
    "DaemonSet": ("core/pods",),
    "Deployment": ("apps/deployments", "apps/replicasets", "core/pods", "core/persistentvolumeclaims"),
    "Ingress": ("networking.k8s.io/ingresses", "core/services", "core/endpoints"),
    "Job": ("core/pods",),
    "Service": ("core/services", "core/endpoints"),
    "StatefulSet": ("core/pods",),
}
"""Kind → collections in its namespace that the provider lists and watches until the object is ready."""


def plural_of(kind: str) -> str:
    """As the API names a kind's collection; the API's own rule, which all built-in kinds keep to."""
    word = kind.lower()
    if word == "endpoints":
        return word
    if word.endswith("s"):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeiou" else f"{word}s"
