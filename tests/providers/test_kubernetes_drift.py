"""Additions to live objects are drift, whoever makes them; what the server fills in is none."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from control_plane_fixtures import ControlPlane
from kubernetes_programs import KubernetesProgram

from prodfirst.planning.steps import Operation
from prodfirst.providers.kubernetes.comparing import changes
from prodfirst.providers.kubernetes.live import imported_inputs, live_inputs
from prodfirst.providers.kubernetes.objects import Data, kind_of

_GROUP = "rbac.authorization.k8s.io"
_MANAGER = "pulumi-kubernetes-12345678"
_CONTAINER = {
    "name": "web",
    "image": "shop:1",
    "ports": [{"containerPort": 8080}],
    "env": [{"name": "A", "value": "1"}],
    "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}, "limits": {"cpu": 1, "memory": "1Gi"}},
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    "readinessProbe": {"httpGet": {"path": "/", "port": 8080}},
}
_OBJECTS: dict[str, Data] = {
    "Role": {
        "apiVersion": f"{_GROUP}/v1",
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}],
    },
    "RoleBinding": {
        "apiVersion": f"{_GROUP}/v1",
        "roleRef": {"apiGroup": _GROUP, "kind": "Role", "name": "x"},
        "subjects": [{"kind": "Group", "name": "team-shop"}],
    },
    "Deployment": {
        "apiVersion": "apps/v1",
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [_CONTAINER]}},
        },
    },
    "NetworkPolicy": {
        "apiVersion": "networking.k8s.io/v1",
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "x"}}}], "ports": [{"port": 80}]}],
        },
    },
    "ConfigMap": {"apiVersion": "v1", "data": {"a": "1"}},
    "Secret": {"apiVersion": "v1", "stringData": {"a": "correct-horse"}},
    "Service": {
        "apiVersion": "v1",
        "spec": {"selector": {"app": "x"}, "ports": [{"port": 80, "name": "web"}]},
    },
    "ServiceAccount": {"apiVersion": "v1", "automountServiceAccountToken": False},
    "ResourceQuota": {"apiVersion": "v1", "spec": {"hard": {"requests.cpu": "4000m", "pods": 10}}},
    "LimitRange": {
        "apiVersion": "v1",
        "spec": {
            "limits": [{"type": "Container", "default": {"cpu": "0.5"}, "defaultRequest": {"cpu": "100m"}}]
        },
    },
    "PersistentVolumeClaim": {
        "apiVersion": "v1",
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}},
    },
    "Job": {
        "apiVersion": "batch/v1",
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [_CONTAINER]}}},
    },
    "CronJob": {
        "apiVersion": "batch/v1",
        "spec": {
            "schedule": "@daily",
            "jobTemplate": {
                "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [_CONTAINER]}}}
            },
        },
    },
    "HorizontalPodAutoscaler": {
        "apiVersion": "autoscaling/v2",
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"},
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                }
            ],
        },
    },
    "PodDisruptionBudget": {
        "apiVersion": "policy/v1",
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}},
    },
    "Ingress": {
        "apiVersion": "networking.k8s.io/v1",
        "spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}},
    },
    "StatefulSet": {
        "apiVersion": "apps/v1",
        "spec": {
            "serviceName": "x",
            "selector": {"matchLabels": {"app": "s"}},
            "template": {"metadata": {"labels": {"app": "s"}}, "spec": {"containers": [_CONTAINER]}},
        },
    },
    "DaemonSet": {
        "apiVersion": "apps/v1",
        "spec": {
            "selector": {"matchLabels": {"app": "d"}},
            "template": {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [_CONTAINER]}},
        },
    },
}


class _Made:
    """One object, as an apply of ours leaves it."""

    def __init__(self, plane: ControlPlane, namespace: str, kind: str) -> None:
        where = {"name": "x", "namespace": namespace, "labels": {"team": "shop"}}
        self.inputs: Data = {"kind": kind, "metadata": where, **copy.deepcopy(_OBJECTS[kind])}
        self.kind = kind_of("kubernetes:core/v1:Thing", self.inputs)
        self._plane, self._namespace = plane, namespace
        cluster = plane.calls()
        self.recorded = cluster.create(self.kind, self.inputs, {"fieldManager": "pulumi-kubernetes"}).data

    def edit(self, op: str, path: str, value: Any, manager: str = "kubectl-edit") -> None:
        step = {"op": op, "path": path, "value": value}
        kind = self.kind
        self._plane.edit(kind.api_version, kind.kind, self._namespace, "x", step, manager=manager)

    def seen(self) -> Data:
        """The inputs by the live object."""
        live = self._plane.calls().get(self.kind, self._namespace, "x")
        return live_inputs(self.kind, live, self.inputs, self.recorded, _MANAGER)


@pytest.mark.parametrize("kind", sorted(_OBJECTS))
def test_no_noise_on_an_object_just_applied(control_plane: ControlPlane, namespace: str, kind: str) -> None:
    made = _Made(control_plane, namespace, kind)
    assert made.seen() == made.inputs


@pytest.mark.parametrize("kind", sorted(_OBJECTS))
def test_an_adopting_program_need_not_repeat_the_server_s_defaults(
    control_plane: ControlPlane, namespace: str, kind: str
) -> None:
    made = _Made(control_plane, namespace, kind)
    found = imported_inputs(made.kind, made.recorded)
    assert changes(made.kind, found, made.inputs) == ()
    assert changes(made.kind, found, found) == ()


_POD = "/spec/template/spec"
ADDITIONS = [
    ("Role", "/rules/-", {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}),
    ("Role", "/rules/0/verbs/-", "delete"),
    ("Role", "/rules/0/resourceNames", ["a"]),
    ("RoleBinding", "/subjects/-", {"kind": "User", "name": "eve", "apiGroup": _GROUP}),
    ("Deployment", f"{_POD}/containers/-", {"name": "eve", "image": "eve"}),
    ("Deployment", f"{_POD}/initContainers", [{"name": "eve", "image": "eve"}]),
    ("Deployment", f"{_POD}/hostNetwork", True),
    ("Deployment", f"{_POD}/hostPID", True),
    ("Deployment", f"{_POD}/serviceAccountName", "admin"),
    ("Deployment", f"{_POD}/containers/0/env/-", {"name": "LD_PRELOAD", "value": "/evil.so"}),
    ("Deployment", f"{_POD}/containers/0/securityContext/runAsUser", 0),
    ("Deployment", f"{_POD}/containers/0/securityContext/capabilities/add", ["SYS_ADMIN"]),
    ("Deployment", f"{_POD}/containers/0/command", ["sh"]),
    ("Deployment", f"{_POD}/volumes", [{"name": "root", "hostPath": {"path": "/"}}]),
    ("Deployment", "/metadata/labels/extra", "1"),
    ("Deployment", "/metadata/annotations", {"extra": "1"}),
    ("NetworkPolicy", "/spec/ingress/-", {}),
    ("NetworkPolicy", "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}}),
    ("NetworkPolicy", "/spec/egress", [{}]),
    ("ConfigMap", "/data/extra", "1"),
    ("Secret", "/data/extra", "MQ=="),
    ("Service", "/spec/externalIPs", ["192.0.2.1"]),
    ("Service", "/spec/ports/-", {"port": 81, "name": "more"}),
    ("ServiceAccount", "/imagePullSecrets", [{"name": "eve"}]),
    ("ResourceQuota", "/spec/hard/services", "5"),
]


@pytest.mark.parametrize(("kind", "path", "value"), ADDITIONS, ids=[f"{k}{p}" for k, p, _ in ADDITIONS])
@pytest.mark.parametrize("manager", ["kubectl-edit", "kube-controller-manager", "pulumi-kubernetes"])
def test_an_addition_is_seen_whatever_manager_its_maker_names(
    control_plane: ControlPlane, namespace: str, kind: str, path: str, value: Any, manager: str
) -> None:
    made = _Made(control_plane, namespace, kind)
    made.edit("add", path, value, manager)
    seen = made.seen()
    assert seen != made.inputs
    assert _leaves(value) <= _leaves(seen)


def test_an_addition_is_seen_after_the_owners_of_fields_were_wiped(
    control_plane: ControlPlane, namespace: str
) -> None:
    made = _Made(control_plane, namespace, "Deployment")
    made.edit("add", f"{_POD}/hostNetwork", True)
    made.edit("replace", "/metadata/managedFields", [{}])
    assert made.seen()["spec"]["template"]["spec"]["hostNetwork"] is True


def test_what_the_program_sets_and_somebody_took_away_is_seen(
    control_plane: ControlPlane, namespace: str
) -> None:
    made = _Made(control_plane, namespace, "Deployment")
    made.edit("replace", f"{_POD}/containers/0/securityContext", {})
    made.edit("replace", "/spec/replicas", 0)
    seen = made.seen()["spec"]
    assert seen["replicas"] == 0
    assert (
        "securityContext" not in seen["template"]["spec"]["containers"][0]
        or not (seen["template"]["spec"]["containers"][0]["securityContext"])
    )


def test_an_adopted_object_takes_all_but_what_the_server_fills_in(
    control_plane: ControlPlane, namespace: str
) -> None:
    made = _Made(control_plane, namespace, "Role")
    found = imported_inputs(made.kind, made.recorded)
    assert found == made.inputs


def _leaves(value: Any) -> set[str]:
    """Scalars, as text."""
    if isinstance(value, dict):
        return {leaf for item in value.values() for leaf in _leaves(item)}
    if isinstance(value, list):
        return {leaf for item in value for leaf in _leaves(item)}
    return {str(value)}


_TEAM = """
k8s.rbac.v1.Role("r", metadata={"name": "r"},
    rules=[{"api_groups": [""], "resources": ["pods"], "verbs": ["get"]}], opts=here)
k8s.core.v1.ConfigMap("c", metadata={"name": "c", "labels": {"a": "1"}}, data={"a": "1"}, opts=here)
k8s.core.v1.ServiceAccount("s", metadata={"name": "s", "labels": {"a": "1"}}, opts=here)
"""


def test_a_refresh_shows_additions_and_the_next_apply_takes_them_away(shop: KubernetesProgram) -> None:
    shop.up(_TEAM)
    assert shop.drift() == {}
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    edits = (
        (f"{_GROUP}/v1", "Role", "r", {"op": "add", "path": "/rules/-", "value": rule}),
        ("v1", "ServiceAccount", "s", {"op": "add", "path": "/metadata/labels/extra", "value": "2"}),
    )
    for api_version, kind, name, step in edits:
        shop.plane.edit(api_version, kind, shop.namespace, name, step)
    found = shop.drift()
    assert set(found) == {"r", "s"}
    assert [change.path for change in found["s"].changes] == ["metadata.labels.extra"]
    assert [change.path for change in found["r"].changes] == ["rules"]
    shop.engine.refresh(shop.run, preview_only=False)
    assert shop.steps(_TEAM) == {"r": Operation.UPDATE, "c": Operation.SAME, "s": Operation.UPDATE}
    forced = _TEAM.replace('"name": "r"', '"name": "r", "annotations": {"pulumi.com/patchForce": "true"}')
    shop.up(forced)
    assert shop.live("v1", "ServiceAccount", "s")["metadata"]["labels"] == {"a": "1"}
    assert len(shop.live(f"{_GROUP}/v1", "Role", "r")["rules"]) == 1
    assert shop.drift() == {}
