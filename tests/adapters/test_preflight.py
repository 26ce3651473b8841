"""Preflight against a real API server: all refusals at once, nothing changed."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from control_plane_fixtures import ControlPlane

from prodfirst.adapters.kubernetes.planned import check_planned
from prodfirst.adapters.kubernetes.preflight import PlannedObject, Preflight, Verdict, preflight
from prodfirst.kernel.errors import Failure
from prodfirst.planning.steps import Operation, Step
from prodfirst.resources.graph import Resource, ResourceGraph, Urn
from prodfirst.resources.values import SECRET, UNKNOWN, Value, freeze

_GROUP = "rbac.authorization.k8s.io"
_POD = {"containers": [{"name": "web", "image": "shop:1"}]}


def _object(
    name: str, kind: str, inputs: dict[str, Any], operation: Operation = Operation.CREATE, **metadata: Any
) -> PlannedObject:
    api_version, _, kind = kind.rpartition("/")
    token = f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"
    data = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}, **inputs}
    urn = Urn(f"urn:pulumi:dev::acme::{token}::{name}")
    return PlannedObject(urn, token, operation, {key: freeze(value) for key, value in data.items()})


def _verdicts(found: Preflight) -> dict[str, Verdict]:
    return {answer.object.urn.rsplit("::", 1)[-1]: answer.verdict for answer in found.answers}


def _why(found: Preflight, name: str) -> str:
    return next(answer.why for answer in found.answers if answer.object.urn.endswith(f"::{name}"))


def _deployer(plane: ControlPlane, namespace: str) -> str:
    """A user that may write in its namespace, but not grant what it does not hold."""
    write = ["create", "get", "patch", "delete"]
    plane.allow(
        "deployer",
        namespace,
        {"apiGroups": ["", "apps", _GROUP], "verbs": write, "resources": ["pods", "configmaps", "secrets",
         "roles", "services", "serviceaccounts", "rolebindings", "deployments"]},
    )  # fmt: skip
    return plane.kubeconfig("deployer")


def test_all_refusals_at_once_and_nothing_is_changed(control_plane: ControlPlane, namespace: str) -> None:
    label = {"op": "add", "path": "/metadata/labels/pod-security.kubernetes.io~1enforce", "value": "baseline"}
    control_plane.edit("v1", "Namespace", "", namespace, label)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": {"services": "0"}}}
    control_plane.make({**quota, "metadata": {"name": "q", "namespace": namespace}})
    control_plane.wait(
        lambda: (control_plane.get("v1", "ResourceQuota", namespace, "q") or {}).get("status", {}) != {}
    )
    for name in ("taken", "theirs"):
        where = {"name": name, "namespace": namespace, "labels": {"a": "1"}}
        control_plane.make({"apiVersion": "v1", "kind": "ConfigMap", "metadata": where})
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": _POD}
    misspelt = {"replica": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    found = preflight(
        _deployer(control_plane, namespace),
        [
            _object("fine", "v1/ConfigMap", {"data": {"a": "1"}}),
            _object("privileged", "v1/Pod", {"spec": {**_POD, "hostNetwork": True}}),
            _object("one-too-many", "v1/Service", {"spec": {"ports": [{"port": 80}]}}),
            _object("admin", f"{_GROUP}/v1/Role", {"rules": rules}),
            _object("theirs", "v1/ConfigMap", {}, Operation.UPDATE, labels={"a": "2"}),
            _object("misspelt", "apps/v1/Deployment", {"spec": misspelt}),
            _object("taken", "v1/ConfigMap", {}),
            _object("elsewhere", "v1/ConfigMap", {}, namespace="default"),
            _object("unknown-kind", "nobody.test/v1/Thing", {}),
            _object("invalid", "v1/ConfigMap", {"data": {"not a key!": "1"}}),
        ],
        namespace,
    )  # fmt: skip
    assert _verdicts(found) == {"fine": Verdict.PASSED} | dict.fromkeys(
        ("privileged", "one-too-many", "admin", "theirs", "misspelt", "taken", "elsewhere", "unknown-kind",
         "invalid"),
        Verdict.REFUSED,
    )  # fmt: skip
    assert 'violates PodSecurity "baseline:latest": host namespaces' in _why(found, "privileged")
    assert "exceeded quota: q" in _why(found, "one-too-many")
    assert "attempting to grant RBAC permissions not currently held" in _why(found, "admin")
    assert 'metadata.labels.a`: conflict with "somebody"' in _why(found, "theirs")
    assert 'unknown field "spec.replica"' in _why(found, "misspelt")
    assert "already exists" in _why(found, "taken")
    assert 'cannot create resource "configmaps"' in _why(found, "elsewhere")
    assert "CustomResourceDefinition" in _why(found, "unknown-kind")
    assert "a valid config key" in _why(found, "invalid")
    assert len(found.problems()) == 9
    assert "the cluster refuses `admin`" in str(found.problems()[2])
    assert control_plane.get("v1", "ConfigMap", namespace, "fine") is None


def test_what_the_same_apply_makes_first_is_waited_for(control_plane: ControlPlane, namespace: str) -> None:
    names = {"plural": "things", "kind": "Thing"}
    schema = {"openAPIV3Schema": {"type": "object"}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    definition = {"group": "late.test", "scope": "Namespaced", "names": names, "versions": [version]}
    reference = {"apiGroup": _GROUP, "kind": "Role", "name": "robot"}
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    objects = [
        _object("late", "v1/Namespace", {}),
        _object("inside", "v1/ConfigMap", {}, namespace="late"),
        _object("things.late.test", "apiextensions.k8s.io/v1/CustomResourceDefinition", {"spec": definition}),
        _object("thing", "late.test/v1/Thing", {}),
        _object("robot", f"{_GROUP}/v1/Role", {"rules": rules}),
    ]
    found = preflight(control_plane.kubeconfig(), objects, namespace)
    assert _verdicts(found) == {
        "late": Verdict.PASSED,
        "inside": Verdict.DEFERRED,
        "things.late.test": Verdict.PASSED,
        "thing": Verdict.DEFERRED,
        "robot": Verdict.PASSED,
    }
    assert _why(found, "inside") == "its namespace `late` is made by the same apply"
    assert _why(found, "thing") == "its kind `Thing` is defined by the same apply"
    bound = [objects[4], _object("bound", f"{_GROUP}/v1/RoleBinding", {"roleRef": reference})]
    found = preflight(_deployer(control_plane, namespace), bound, namespace)
    assert _verdicts(found)["bound"] is Verdict.DEFERRED
    assert "the same apply makes what it needs" in _why(found, "bound")


def test_what_is_hidden_or_not_known_yet(control_plane: ControlPlane, namespace: str) -> None:
    found = preflight(
        control_plane.kubeconfig(),
        [
            _object("password", "v1/Secret", {"stringData": SECRET}),
            _object("one", "v1/Secret", {"data": {"a": SECRET}}),
            _object("later", "v1/ConfigMap", {"data": {"address": UNKNOWN}}),
        ],
        namespace,
    )
    assert _verdicts(found) == {
        "password": Verdict.PASSED,
        "one": Verdict.PASSED,
        "later": Verdict.UNCHECKED,
    }
    assert _why(found, "later") == "known only after apply: `data.address`"
    assert _why(found, "password") == "with placeholders for its secrets"


def test_a_replacement_is_tried_beside_the_old_object_and_a_deletion_too(
    control_plane: ControlPlane, namespace: str
) -> None:
    where = {"name": "taken", "namespace": namespace}
    control_plane.make({"apiVersion": "v1", "kind": "ConfigMap", "metadata": where, "data": {"a": "1"}})
    objects = [
        _object("taken", "v1/ConfigMap", {"data": {"a": "2"}}, Operation.REPLACE),
        _object("gone", "v1/ConfigMap", {}, Operation.DELETE),
    ]
    found = preflight(control_plane.kubeconfig(), objects, namespace)
    assert set(_verdicts(found).values()) == {Verdict.PASSED}
    verbs = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "get"]}
    control_plane.allow("reader", namespace, verbs)
    deleted = [_object("taken", "v1/ConfigMap", {}, Operation.DELETE)]
    found = preflight(control_plane.kubeconfig("reader"), deleted, namespace)
    assert 'cannot delete resource "configmaps"' in _why(found, "taken")
    assert control_plane.get("v1", "ConfigMap", namespace, "taken") is not None


def test_a_cluster_that_cannot_be_asked_is_one_problem(control_plane: ControlPlane) -> None:
    with pytest.raises(Failure, match="Unauthorized"):
        preflight(control_plane.kubeconfig("deployer", "wrong"), [])
    with pytest.raises(Failure, match="cannot be reached"):
        preflight(control_plane.kubeconfig(server="https://127.0.0.1:1"), [])


def _plan(kubeconfig: Value, **provider: Value) -> tuple[list[Step], ResourceGraph]:
    there = Urn("urn:pulumi:dev::acme::pulumi:providers:kubernetes::there")
    planned = _object("c", "v1/ConfigMap", {"data": {"a": "1"}})
    resources = (
        Resource(there, True, {"kubeconfig": kubeconfig, **provider}),
        Resource(planned.urn, True, planned.inputs, provider=f"{there}::id"),
    )
    aws = Step(Operation.CREATE, Urn("urn:pulumi:dev::acme::aws:ec2/vpc:Vpc::v"))
    return [aws, Step(Operation.CREATE, planned.urn, planned.inputs)], ResourceGraph(resources)


def test_the_objects_of_a_preview_are_tried_on_their_own_cluster_with_the_run_s_credentials(
    control_plane: ControlPlane, namespace: str
) -> None:
    """The kubeconfig's command reads its token from the environment, as `aws eks get-token` does its keys."""
    say = 'printf \'{"kind": "ExecCredential", "status": {"token": "%s"}}\' "$RUN_TOKEN"'
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", say]}
    data = json.loads(control_plane.kubeconfig())
    data["users"][0]["user"] = {"exec": plugin}
    steps, graph = _plan(json.dumps(data), namespace=namespace)
    path = os.environ["PATH"]
    found = check_planned(steps, graph, {}, {"RUN_TOKEN": "token-of-administrator", "PATH": path})
    assert _verdicts(found) == {"c": Verdict.PASSED}
    found = check_planned(steps, graph, {}, {"RUN_TOKEN": "token-of-nobody", "PATH": path})
    assert 'User "nobody" cannot create resource "configmaps"' in _why(found, "c")


@pytest.mark.parametrize("kubeconfig", [SECRET, UNKNOWN])
def test_an_object_whose_cluster_is_hidden_is_told_as_unchecked(kubeconfig: Value) -> None:
    found = check_planned(*_plan(kubeconfig), {}, {})
    assert _verdicts(found) == {"c": Verdict.UNCHECKED}
    assert "`kubeconfig` is secret, unknown or not given" in _why(found, "c")
