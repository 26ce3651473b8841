"""What people of a team do in their namespace of a cluster: look at all but secrets, restart, scale.

Deploying is their stacks'. No verb here writes RBAC, a quota or a network policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prodfirst.kernel.group_names import RBAC
from prodfirst.permissions.kubernetes import RbacRule

SEEN: Mapping[str, tuple[str, ...]] = {
    "": ("configmaps", "endpoints", "events", "limitranges", "persistentvolumeclaims", "pods", "pods/log",
         "resourcequotas", "serviceaccounts", "services"),
    "apps": ("daemonsets", "deployments", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "networking.k8s.io": ("ingresses", "networkpolicies"),
    "policy": ("poddisruptionbudgets",),
    RBAC: ("rolebindings", "roles"),
}  # fmt: skip
"""API group → what they read. Plural names are those that RBAC matches."""
DONE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "pods", ("delete",)),
    ("", "pods/portforward", ("create",)),
    ("apps", "deployments/scale", ("patch", "update")),
)
"""API group, what, verbs."""
READING = ("get", "list", "watch")


def people_rules(namespace: str) -> Iterator[RbacRule]:
    """The same as rules, in the namespace of a team."""
    for group, resources in SEEN.items():
        for resource in resources:
            yield RbacRule(namespace, group, resource, "*", READING)
    for group, resource, verbs in DONE:
        yield RbacRule(namespace, group, resource, "*", verbs)
