"""Preflight against a real API server: all refusals at once, nothing changed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import pytest
from control_plane_fixtures import ControlPlane

from prodfirst.adapters.kubernetes.destinations import Destination
from prodfirst.adapters.kubernetes.planned import check_planned, look_at_planned
from prodfirst.adapters.kubernetes.planned_objects import PlannedObject, Preflight
from prodfirst.adapters.kubernetes.preflight import look as looked
from prodfirst.adapters.kubernetes.preflight import preflight as tried
from prodfirst.adapters.pulumi.programhost.unknowns import LATER
from prodfirst.kernel.errors import Failure
from prodfirst.planning.checks import Verdict
from prodfirst.planning.steps import Operation, Step
from prodfirst.providers.kubernetes.objects import Kind
from prodfirst.providers.kubernetes.ownership import CREATOR
from prodfirst.resources.graph import Resource, ResourceGraph, Urn
from prodfirst.resources.values import SECRET, UNKNOWN, Value, freeze


def preflight(kubeconfig: str, objects: Sequence[PlannedObject], namespace: str = "") -> Preflight:
    return tried(Destination(kubeconfig, "", "", namespace), objects, {})


def look(kubeconfig: str, objects: Sequence[PlannedObject], namespace: str = "") -> Preflight:
    return looked(Destination(kubeconfig, "", "", namespace), objects, {})


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


@pytest.mark.parametrize(
    ("kubeconfig", "why"),
    [
        (SECRET, "`kubeconfig` of its provider is secret"),
        (UNKNOWN, "its cluster is known only after apply"),
        (LATER, "its cluster is known only after apply"),
        (None, "its provider is given no `kubeconfig`"),
        ("", "its provider is given no `kubeconfig`"),
    ],
)
def test_an_object_whose_cluster_is_hidden_is_told_as_unchecked(kubeconfig: Value, why: str) -> None:
    for ask in (check_planned, look_at_planned):
        found = ask(*_plan(kubeconfig), {}, {})
        assert _verdicts(found) == {"c": Verdict.UNCHECKED}
        assert why in _why(found, "c")


def test_a_deletion_is_told_as_not_tried(control_plane: ControlPlane, namespace: str) -> None:
    (_, step), graph = _plan(control_plane.kubeconfig(), namespace=namespace)
    gone = Step(Operation.DELETE, Urn(f"{step.urn}-old"), step.inputs)
    found = check_planned([gone, step], graph, {}, {})
    assert _verdicts(found) == {"c-old": Verdict.UNCHECKED, "c": Verdict.PASSED}
    assert "a deletion is not tried" in _why(found, "c-old")


def test_what_is_there_is_taken_over_where_the_provider_does_so(
    control_plane: ControlPlane, namespace: str
) -> None:
    where = {"name": "c", "namespace": namespace}
    control_plane.make({"apiVersion": "v1", "kind": "ConfigMap", "metadata": where})
    for takes_over, verdict in ((False, Verdict.REFUSED), (True, Verdict.PASSED)):
        plan = _plan(control_plane.kubeconfig(), namespace=namespace, upsertExistingObjects=takes_over)
        assert _verdicts(check_planned(*plan, {}, {})) == {"c": verdict}


def test_a_field_that_somebody_took_from_its_creator_is_a_conflict_and_the_creators_own_is_none(
    control_plane: ControlPlane, namespace: str
) -> None:
    kind = Kind("", "v1", "ConfigMap")
    for name in ("edited", "calm"):
        where = {"name": name, "namespace": namespace}
        thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": where, "data": {"a": "1"}}
        control_plane.calls().create(kind, thing, {"fieldManager": CREATOR})
    control_plane.edit(
        "v1", "ConfigMap", namespace, "edited", {"op": "replace", "path": "/data/a", "value": "9"}
    )
    objects = [
        _object(name, "v1/ConfigMap", {"data": {"a": "2"}}, Operation.UPDATE) for name in ("edited", "calm")
    ]
    found = preflight(control_plane.kubeconfig(), objects, namespace)
    assert _verdicts(found) == {"edited": Verdict.REFUSED, "calm": Verdict.PASSED}
    assert '`data.a`: conflict with "kubectl-edit"' in _why(found, "edited")
    assert CREATOR not in _why(found, "edited")


def _planner(plane: ControlPlane, namespace: str) -> str:
    """As locks have it: what is named is read, and nothing is written."""
    reads = {"apiGroups": [""], "verbs": ["get"], "resources": ["configmaps", "services"]}
    plane.allow("planner", namespace, {**reads, "resourceNames": ["new", "taken", "changed", "away"]})
    return plane.kubeconfig("planner")


def test_whoever_may_only_read_sees_names_and_is_told_what_was_not_tried(
    control_plane: ControlPlane, namespace: str
) -> None:
    for name in ("taken", "changed"):
        where = {"name": name, "namespace": namespace}
        control_plane.make({"apiVersion": "v1", "kind": "ConfigMap", "metadata": where})
    found = look(
        _planner(control_plane, namespace),
        [
            _object("new", "v1/ConfigMap", {}),
            _object("taken", "v1/ConfigMap", {}),
            _object("changed", "v1/ConfigMap", {}, Operation.UPDATE),
            _object("away", "v1/ConfigMap", {}, Operation.UPDATE),
            _object("unread", "v1/ConfigMap", {}),
            _object("late", "v1/ConfigMap", {"data": {"a": UNKNOWN}}),
            _object("thing", "nobody.test/v1/Thing", {}),
        ],
        namespace,
    )
    assert _verdicts(found) == {
        "new": Verdict.READ,
        "taken": Verdict.REFUSED,
        "changed": Verdict.READ,
        "away": Verdict.REFUSED,
        "unread": Verdict.UNCHECKED,
        "late": Verdict.UNCHECKED,
        "thing": Verdict.DEFERRED,
    }
    checked = {answer.object.urn.rsplit("::", 1)[-1]: answer.checked for answer in found.answers}
    assert checked["new"] == "read: its name is free"
    assert checked["changed"] == "read: it is there"
    assert "may not `create` it, not even in a dry run; apply tries it" in _why(found, "new")
    assert "may not `patch` it" in _why(found, "changed")
    assert _why(found, "taken") == f"ConfigMap `{namespace}/taken` already exists"
    assert _why(found, "away") == f"ConfigMap `{namespace}/away` is not there any more"
    assert "may neither `create` nor `get` it" in _why(found, "unread")


def test_whoever_may_write_has_it_tried_and_what_may_be_made_elsewhere_is_no_refusal(
    control_plane: ControlPlane, namespace: str
) -> None:
    objects = [
        _object("fine", "v1/ConfigMap", {}),
        _object("bad", "v1/ConfigMap", {"data": {"not a key!": "1"}}),
        _object("early", "v1/ConfigMap", {}, namespace="of-another-stack"),
    ]
    found = look(control_plane.kubeconfig(), objects, namespace)
    assert _verdicts(found) == {"fine": Verdict.PASSED, "bad": Verdict.REFUSED, "early": Verdict.DEFERRED}
    assert "of-another-stack" in _why(found, "early")


def test_a_cluster_that_is_away_is_told_at_each_object_of_a_plan(control_plane: ControlPlane) -> None:
    objects = [_object("one", "v1/ConfigMap", {}), _object("two", "v1/ConfigMap", {})]
    found = look(control_plane.kubeconfig(server="https://127.0.0.1:1"), objects)
    assert set(_verdicts(found).values()) == {Verdict.UNCHECKED}
    assert "the cluster cannot be asked: the API server https://127.0.0.1:1 cannot be reached" in _why(
        found, "two"
    )
    found = look(control_plane.kubeconfig("deployer", "wrong"), objects)
    assert "Unauthorized" in _why(found, "one")
