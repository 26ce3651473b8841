"""A preview says what the server makes of it, and what could not be checked."""

from __future__ import annotations

import copy
import socket

import pytest
from control_plane_fixtures import ControlPlane
from kubernetes_resources import subject
from test_kubernetes_waiting import CONFIG, DEPLOYMENT

from prodfirst.adapters.pulumi.programhost import unknowns
from prodfirst.providers.kubernetes import applying
from prodfirst.providers.kubernetes.client import ApiError, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster
from prodfirst.providers.kubernetes.instance import NoCluster
from prodfirst.providers.kubernetes.objects import Data, Kind
from prodfirst.providers.kubernetes.settings import LATER
from prodfirst.providers.properties import UNKNOWN

POD: Data = {
    "apiVersion": "v1",
    "kind": "Pod",
    "spec": {"containers": [{"name": "web", "image": "shop:1", "securityContext": {"runAsUser": 0}}]},
}
SERVICE: Data = {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}}


def test_what_the_server_makes_up_anew_each_time_is_unknown(
    control_plane: ControlPlane, namespace: str
) -> None:
    planned = subject(control_plane, namespace, SERVICE).preview()
    assert planned["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert planned["spec"]["clusterIP"] is UNKNOWN
    assert {planned["metadata"][key] for key in ("uid", "resourceVersion", "creationTimestamp")} == {UNKNOWN}
    assert planned["status"] is UNKNOWN
    job = copy.deepcopy(DEPLOYMENT)
    job |= {"apiVersion": "batch/v1", "kind": "Job"}
    job["spec"] = {"template": {"spec": {"restartPolicy": "Never", **job["spec"]["template"]["spec"]}}}
    planned = subject(control_plane, namespace, job).preview()
    assert planned["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] is UNKNOWN
    assert control_plane.get("v1", "Service", namespace, "x") is None


def test_a_server_that_is_down_is_no_green_preview(control_plane: ControlPlane, namespace: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = f"https://127.0.0.1:{closed.getsockname()[1]}"
        kubeconfig = control_plane.kubeconfig(server=server)
        asked = subject(control_plane, namespace, CONFIG, kubeconfig=kubeconfig)
        planned = asked.preview()
        with pytest.raises(Unreachable):
            asked.create()
    assert asked.told.warnings == [
        f"not checked by the server: the API server {server} cannot be reached: "
        "[Errno 111] Connection refused"
    ]
    assert planned["data"] == {"a": "1"}
    assert planned["metadata"]["uid"] is UNKNOWN


def test_a_wrong_token_is_no_green_preview(control_plane: ControlPlane, namespace: str) -> None:
    kubeconfig = control_plane.kubeconfig("deployer", "wrong")
    asked = subject(control_plane, namespace, CONFIG, kubeconfig=kubeconfig)
    asked.preview()
    (warning,) = asked.told.warnings
    assert "does not accept the credentials" in warning
    with pytest.raises(ApiError, match="Unauthorized"):
        asked.create()


def test_a_server_with_another_authority_is_not_trusted(control_plane: ControlPlane, namespace: str) -> None:
    import json

    data = json.loads(control_plane.kubeconfig())
    del data["clusters"][0]["cluster"]["certificate-authority-data"]
    asked = subject(control_plane, namespace, CONFIG, kubeconfig=json.dumps(data))
    asked.preview()
    assert "cannot be trusted" in asked.told.warnings[0]


def test_no_kubeconfig_is_no_green_preview(
    control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/does/not/exist")
    asked = subject(control_plane, namespace, CONFIG, kubeconfig=None)
    asked.preview()
    assert asked.told.warnings == [
        "not checked by the server: KUBECONFIG names no file that exists: `/does/not/exist`"
    ]
    with pytest.raises(NoCluster):
        asked.create()


def test_an_identity_that_may_only_read_cannot_check_and_says_so_once(
    control_plane: ControlPlane, namespace: str
) -> None:
    control_plane.allow(
        "planner", namespace, {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
    )
    asked = subject(control_plane, namespace, CONFIG, "planner")
    asked.preview()
    asked.inputs["metadata"]["name"] = "y"
    asked.preview()
    why = "not checked by the server: this identity may not `create` it, not even in a dry run"
    assert asked.told.warnings == [why]
    assert asked.told.infos == [why]


def test_a_cluster_that_does_not_exist_yet(control_plane: ControlPlane, namespace: str) -> None:
    asked = subject(control_plane, namespace, CONFIG, kubeconfig=None, known=False)
    planned = asked.preview()
    assert planned["__inputs"]["metadata"] == {"name": "x", "namespace": namespace}
    assert asked.told.warnings == ["not checked by the server: the cluster is known only after apply"]
    assert LATER == unknowns.LATER


def test_what_admission_would_refuse_is_said(control_plane: ControlPlane, namespace: str) -> None:
    label = {"pod-security.kubernetes.io~1enforce": "restricted"}
    ((key, value),) = label.items()
    control_plane.edit(
        "v1", "Namespace", "", namespace, {"op": "add", "path": f"/metadata/labels/{key}", "value": value}
    )
    asked = subject(control_plane, namespace, POD)
    asked.preview()
    (warning,) = asked.told.warnings
    assert "the server would refuse this now" in warning
    assert 'violates PodSecurity "restricted:latest"' in warning
    deployment = subject(control_plane, namespace, DEPLOYMENT)
    deployment.preview()
    assert "the server warns: would violate PodSecurity" in deployment.told.warnings[0]


def test_a_namespace_that_is_not_there_yet(control_plane: ControlPlane, namespace: str) -> None:
    thing = {**CONFIG, "metadata": {"namespace": "not-there-yet"}}
    asked = subject(control_plane, namespace, thing)
    asked.preview()
    assert 'what it needs is not there yet: namespaces "not-there-yet" not found' in asked.told.warnings[0]


def test_a_preview_of_an_update_keeps_what_is_stable(control_plane: ControlPlane, namespace: str) -> None:
    made = subject(control_plane, namespace, SERVICE).create()
    changed = copy.deepcopy(made.inputs)
    changed["metadata"]["labels"] = {"a": "1"}
    planned = made.update(changed, preview=True)
    assert planned["spec"]["clusterIP"] == made.state["spec"]["clusterIP"]
    assert planned["metadata"]["uid"] == made.state["metadata"]["uid"]
    assert planned["metadata"]["labels"] == {"a": "1"}
    assert planned["metadata"]["resourceVersion"] is UNKNOWN
    live = control_plane.get("v1", "Service", namespace, "x")
    assert live is not None
    assert "labels" not in live["metadata"]


class _Overtaken(Cluster):
    """Somebody writes between our look and our change, twice."""

    times = 2

    def get(self, kind: Kind, namespace: str, name: str, insisting: float = 0) -> Data:
        found = super().get(kind, namespace, name, insisting)
        if self.times:
            self.times -= 1
            step = {"op": "add", "path": "/metadata/labels/theirs", "value": str(self.times)}
            self.patch(kind, namespace, name, [step], {"fieldManager": "somebody"})
        return found


def test_somebody_who_writes_at_the_same_moment_fails_no_update(
    control_plane: ControlPlane, namespace: str
) -> None:
    """As a controller does right after a creation, where our first update takes the fields over."""
    thing = {**CONFIG, "metadata": {"labels": {"ours": "0"}}}
    made = subject(control_plane, namespace, thing).create()
    changed = copy.deepcopy(made.inputs)
    changed["metadata"]["labels"]["ours"] = "1"
    overtaken = _Overtaken(control_plane.calls().client)
    kind = made.resource.kind
    applying.update(applying.Change(overtaken, kind, changed, "pulumi-kubernetes-12345678"), "x", made.inputs)
    live = control_plane.get("v1", "ConfigMap", namespace, "x")
    assert live is not None
    assert live["metadata"]["labels"] == {"ours": "1", "theirs": "0"}
    assert overtaken.times == 0
