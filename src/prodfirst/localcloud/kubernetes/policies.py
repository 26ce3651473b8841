"""The rules of EKS's general-purpose access policies (EKS user guide, "review access policy permissions").

EKS decides them in an authorizer of its own; here they are cluster roles.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_WORKLOADS = ("daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale",
              "statefulsets", "statefulsets/scale")  # fmt: skip
_PODS = ("pods/attach", "pods/exec", "pods/portforward", "pods/proxy")
_NETWORK = ("ingresses", "networkpolicies")
_OLD_WORKLOADS = ("daemonsets", "deployments", "deployments/scale", *_NETWORK, "replicasets",
                  "replicasets/scale", "replicationcontrollers/scale")  # fmt: skip

Rule = Mapping[str, Any]


def _rule(group: str, verbs: tuple[str, ...], *resources: str) -> Rule:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def _with_status(*resources: str) -> tuple[str, ...]:
    return (*resources, *(f"{name}/status" for name in resources))


_VIEW: tuple[Rule, ...] = (
    _rule("apps", _READ, "controllerrevisions", *_WORKLOADS, "daemonsets/status", "deployments/status",
          "replicasets/status", "statefulsets/status"),
    _rule("autoscaling", _READ, *_with_status("horizontalpodautoscalers")),
    _rule("batch", _READ, *_with_status("cronjobs", "jobs")),
    _rule("discovery.k8s.io", _READ, "endpointslices"),
    _rule("extensions", _READ, *_OLD_WORKLOADS, "daemonsets/status", "deployments/status",
          "ingresses/status", "replicasets/status"),
    _rule("networking.k8s.io", _READ, *_NETWORK, "ingresses/status"),
    _rule("policy", _READ, *_with_status("poddisruptionbudgets")),
    _rule("", _READ, "configmaps", "endpoints", *_with_status("persistentvolumeclaims", "services"), "pods",
          "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts"),
    _rule("", _READ, "bindings", "events", "limitranges", "namespaces/status", "pods/log", "pods/status",
          "replicationcontrollers/status", *_with_status("resourcequotas"), "namespaces"),
)  # fmt: skip
_EDIT: tuple[Rule, ...] = (
    *_VIEW,
    _rule("apps", _WRITE, *_WORKLOADS, "deployments/rollback"),
    _rule("autoscaling", _WRITE, "horizontalpodautoscalers"),
    _rule("batch", _WRITE, "cronjobs", "jobs"),
    _rule("extensions", _WRITE, *_OLD_WORKLOADS, "deployments/rollback"),
    _rule("networking.k8s.io", _WRITE, *_NETWORK),
    _rule("policy", _WRITE, "poddisruptionbudgets"),
    _rule("", _READ, *_PODS, "secrets", "services/proxy"),
    _rule("", ("impersonate",), "serviceaccounts"),
    _rule("", _WRITE, "pods", *_PODS),
    _rule("", _WRITE, "configmaps", "events", "persistentvolumeclaims", "replicationcontrollers",
          "replicationcontrollers/scale", "secrets", "serviceaccounts", "services", "services/proxy"),
)  # fmt: skip
_ADMIN: tuple[Rule, ...] = (
    *_EDIT,
    _rule("authorization.k8s.io", ("create",), "localsubjectaccessreviews"),
    _rule("rbac.authorization.k8s.io", (*_READ, *_WRITE), "rolebindings", "roles"),
)
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "AmazonEKSClusterAdminPolicy": (
            _rule("*", ("*",), "*"),
            {"nonResourceURLs": ["*"], "verbs": ["*"]},
        ),
        "AmazonEKSAdminPolicy": _ADMIN,
        "AmazonEKSAdminViewPolicy": (_rule("*", _READ, "*"),),
        "AmazonEKSEditPolicy": _EDIT,
        "AmazonEKSViewPolicy": _VIEW,
    }
)
"""Name of the policy → its rules."""
