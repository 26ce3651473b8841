"""What is tried in a cluster, each as a call that changes nothing: a dry run, or on what is not there.

The API server authenticates and authorizes a call before it looks at anything else, and writes down what it
decided; admission, validation and whether a thing is there come later. So the decision is the real one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from prodfirst.adapters.kubernetes.calling import DRY_RUN, ClusterCall
from prodfirst.kernel.group_names import RBAC, stack_group
from prodfirst.permissions.kubernetes import RbacRule
from prodfirst.usecases.isolation_calls import PROBE

ADMISSION = "admissionregistration.k8s.io"
NOWHERE = "-"
"""The namespace of what has none, as lock files write it."""
EVERYWHERE = "*"
_LABELS: Mapping[str, Any] = {"metadata": {"labels": {PROBE: "tried"}}}
_PRIVILEGED: Mapping[str, Any] = {
    "metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}
}
_ONE = MappingProxyType({"limit": "1"})
_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
"""Everybody who is let in may ask it: only the right to impersonate is in question."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A verb on something, in RBAC's words."""

    verb: str
    group: str
    resource: str
    """Plural; a part of an object is `pods/exec`."""
    namespace: str
    name: str = "*"
    of: str = ""
    """The stack whose thing it is; empty for nobody's."""

    @property
    def what(self) -> str:
        """In words, with the place."""
        if self.verb == "impersonate":
            return "impersonate another user"
        thing = self.resource if self.name in ("*", PROBE) else f"{self.resource} {self.name}"
        where = {NOWHERE: "", EVERYWHERE: " in all namespaces"}.get(self.namespace, f" in {self.namespace}")
        return f"{self.verb} {thing}{where}{f', of {self.of}' if self.of else ''}"

    def is_within(self, rule: RbacRule) -> bool:
        """Whether a rule allows it. A rule that names objects allows no verb on the collection."""
        return (
            rule.namespace in (self.namespace, EVERYWHERE)
            and rule.api_group == self.group
            and rule.resource == self.resource
            and rule.name in ("*", self.name)
            and self.verb in rule.verbs
        )

    def call(self) -> ClusterCall:
        """The call that tries it."""
        match self.verb:
            case "impersonate":
                body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                        "spec": {"nonResourceAttributes": {"path": "/", "verb": "get"}}}  # fmt: skip
                return ClusterCall("POST", _REVIEW, body=body, impersonated=PROBE)
            case "create":
                return ClusterCall("POST", self._path(), DRY_RUN, {"metadata": {"name": PROBE}})
            case "patch":
                change = _PRIVILEGED if self.resource == "namespaces" else _LABELS
                return ClusterCall("PATCH", self._path(), DRY_RUN, change)
            case "delete":
                return ClusterCall("DELETE", self._path(), DRY_RUN)
            case _:
                return ClusterCall("GET", self._path(), _ONE if self.verb == "list" else {})

    def _path(self) -> str:
        """Version `v1` whatever is served: RBAC does not look at it."""
        root = f"/apis/{self.group}/v1" if self.group else "/api/v1"
        where = "" if self.namespace in (NOWHERE, EVERYWHERE) else f"/namespaces/{quote(self.namespace)}"
        plural, _, part = self.resource.partition("/")
        name = "" if self.name == "*" else f"/{quote(self.name, safe='')}"
        return f"{root}{where}/{plural}{name}{f'/{part}' if part else ''}"


def in_namespace(namespace: str) -> Iterator[Aim]:
    """What may be worth having in a team's namespace."""
    for verb, group, resource, name in (
        ("create", "", "configmaps", "*"),
        ("list", "", "secrets", "*"),
        ("create", "", "pods", "*"),
        ("delete", "", "pods", PROBE),
        ("create", "", "pods/exec", PROBE),
        ("create", "", "serviceaccounts/token", PROBE),
        ("create", "apps", "deployments", "*"),
        ("create", RBAC, "roles", "*"),
        ("create", RBAC, "rolebindings", "*"),
    ):
        yield Aim(verb, group, resource, namespace, name)
    yield Aim("patch", "", "namespaces", NOWHERE, namespace)


def of_the_cluster() -> Iterator[Aim]:
    """What would make somebody more than a guest of their own namespace."""
    for verb, group, resource, namespace in (
        ("list", "", "nodes", NOWHERE),
        ("list", "", "secrets", EVERYWHERE),
        ("create", "", "namespaces", NOWHERE),
        ("create", "", "configmaps", "kube-system"),
        ("list", "", "secrets", "kube-system"),
        ("create", RBAC, "clusterroles", NOWHERE),
        ("create", RBAC, "clusterrolebindings", NOWHERE),
        ("create", ADMISSION, "validatingadmissionpolicies", NOWHERE),
        ("create", ADMISSION, "mutatingwebhookconfigurations", NOWHERE),
        ("create", "certificates.k8s.io", "certificatesigningrequests", NOWHERE),
    ):
        yield Aim(verb, group, resource, namespace)
    yield Aim("create", "", "serviceaccounts/token", "kube-system", PROBE)
    yield Aim("delete", ADMISSION, "validatingadmissionpolicies", NOWHERE, PROBE)
    yield Aim("impersonate", "", "users", NOWHERE, PROBE)


def of_a_stack(stack: str, rules: tuple[RbacRule, ...]) -> Iterator[Aim]:
    """The first object of each kind that its lock names in a namespace: seen, changed, deleted."""
    seen: set[tuple[str, str, str]] = set()
    for rule in rules:
        key = (rule.namespace, rule.api_group, rule.resource)
        if rule.name != "*" and "delete" in rule.verbs and key not in seen:
            seen.add(key)
            for verb in ("get", "patch", "delete"):
                yield Aim(verb, rule.api_group, rule.resource, rule.namespace, rule.name, stack)


def own_roles(stack: str, phases: tuple[str, ...], namespace: str) -> Iterator[Aim]:
    """What gives its identities their verbs there (blueprints/kubernetes/stack_roles.py)."""
    for phase in phases:
        for verb, resource in (("patch", "roles"), ("delete", "rolebindings")):
            yield Aim(verb, RBAC, resource, namespace, stack_group(stack, phase))
