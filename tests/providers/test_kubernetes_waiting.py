"""Waits end, say why, and need no permission beyond `get`."""

from __future__ import annotations

import copy
import time
from threading import Timer

import grpc
import pytest
from control_plane_fixtures import ControlPlane, start_control_plane, stop_control_plane
from google.protobuf.empty_pb2 import Empty
from kubernetes_resources import subject
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from prodfirst.providers import protocol
from prodfirst.providers.kubernetes.awaiting import NotGone
from prodfirst.providers.kubernetes.objects import Data
from prodfirst.providers.kubernetes.operations import Partial
from prodfirst.providers.kubernetes.server import Provider

CONFIG: Data = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}
DEPLOYMENT: Data = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "x"}},
        "template": {
            "metadata": {"labels": {"app": "x"}},
            "spec": {"containers": [{"name": "web", "image": "shop:1"}]},
        },
    },
}
BALANCER: Data = {
    "apiVersion": "v1",
    "kind": "Service",
    "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
}
JOB: Data = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "spec": {
        "activeDeadlineSeconds": 1,
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "web", "image": "shop:1"}]}},
    },
}
CLAIM: Data = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def _scaled(replicas: int) -> Data:
    thing = copy.deepcopy(DEPLOYMENT)
    thing["spec"]["replicas"] = replicas
    return thing


def _annotated(thing: Data, **annotations: str) -> Data:
    given = {f"pulumi.com/{key}": value for key, value in annotations.items()}
    return {**thing, "metadata": {"annotations": given}}


def test_a_deletion_needs_neither_list_nor_watch(control_plane: ControlPlane, namespace: str) -> None:
    """The original hangs beyond any timeout here, and its state keeps the object."""
    verbs = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "get", "delete"]}
    control_plane.allow("deployer", namespace, verbs)
    made = subject(control_plane, namespace, CONFIG, "deployer").create()
    made.delete(timeout=20)
    assert control_plane.get("v1", "ConfigMap", namespace, "x") is None
    made.delete(timeout=20)


def test_a_deletion_that_nobody_may_watch_says_so_and_ends(
    control_plane: ControlPlane, namespace: str
) -> None:
    verbs = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "delete"]}
    control_plane.allow("deployer", namespace, verbs)
    made = subject(control_plane, namespace, CONFIG, "deployer").create()
    with pytest.raises(NotGone, match="this identity may not `get` it"):
        made.delete(timeout=20)


def test_a_deletion_held_up_by_a_finalizer_ends_in_time_and_names_it(
    control_plane: ControlPlane, namespace: str
) -> None:
    thing = {**CONFIG, "metadata": {"finalizers": ["shop.test/backup"]}}
    made = subject(control_plane, namespace, thing).create()
    begun = time.monotonic()
    with pytest.raises(
        NotGone, match=r"is not gone after 2 s: the finalizers `shop.test/backup` are not done"
    ):
        made.delete(timeout=2)
    assert time.monotonic() - begun < 10
    step = {"op": "remove", "path": "/metadata/finalizers"}
    control_plane.edit("v1", "ConfigMap", namespace, "x", step)
    made.delete(timeout=20)


def test_a_namespace_stuck_in_deletion_says_what_is_left_in_it(control_plane: ControlPlane) -> None:
    made = subject(
        control_plane, "", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "stuck"}}
    )
    made.create()
    inside = {"name": "x", "namespace": "stuck", "finalizers": ["shop.test/backup"]}
    control_plane.make({**CONFIG, "metadata": inside})
    with pytest.raises(NotGone, match=r"(?s)Namespace `stuck` is not gone after 20 s.*shop.test/backup"):
        made.delete(timeout=20)
    step = {"op": "remove", "path": "/metadata/finalizers"}
    control_plane.edit("v1", "ConfigMap", "stuck", "x", step)
    made.delete(timeout=30)
    assert control_plane.get("v1", "Namespace", "", "stuck") is None


def test_a_deletion_asked_for_by_somebody_else_is_only_waited_for(
    control_plane: ControlPlane, namespace: str
) -> None:
    made = subject(control_plane, namespace, _annotated(_scaled(0), deletionPropagationPolicy="background"))
    made.create()
    control_plane.calls().delete(made.resource.kind, namespace, "x", "Background")
    made.delete(timeout=20)


def test_a_deployment_without_pods_ends_in_time_and_says_why(
    control_plane: ControlPlane, namespace: str
) -> None:
    made = subject(control_plane, namespace, _annotated(DEPLOYMENT, timeoutSeconds="4"))
    with pytest.raises(Partial, match=r"was not ready within 4 s: 0 of 1 pods are available.*pod `x-"):
        made.create()
    assert made.id == f"{namespace}/x"
    assert made.state["__inputs"] == made.inputs
    with pytest.raises(Partial, match="does not work: 0 of 1 pods are available"):
        made.read()


def test_a_deployment_is_awaited_and_refreshed_with_get_alone(
    control_plane: ControlPlane, namespace: str
) -> None:
    """The original lists replica sets and pods: it hangs, and writes `unhealthy` into the state."""
    verbs = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create", "get", "patch"]}
    control_plane.allow("deployer", namespace, verbs)
    made = subject(control_plane, namespace, _scaled(0), "deployer").create(timeout=30)
    assert made.state["status"]["observedGeneration"] == 1
    assert made.read() is not None
    with pytest.raises(Partial, match=r"its pods could not be looked at: pods is forbidden"):
        subject(control_plane, namespace, {**DEPLOYMENT, "metadata": {"name": "y"}}, "deployer").create(2)


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (BALANCER, "it has no address of a load balancer yet"),
        (CLAIM, "its phase is Pending"),
        (JOB, r"failed: .*DeadlineExceeded: Job was active longer than specified deadline"),
    ],
    ids=["Service", "PersistentVolumeClaim", "Job"],
)
def test_what_does_not_get_ready_says_why(
    control_plane: ControlPlane, namespace: str, thing: Data, reason: str
) -> None:
    with pytest.raises(Partial, match=reason):
        subject(control_plane, namespace, thing).create(timeout=2 if thing is not JOB else 60)


def test_what_is_not_to_be_waited_for_is_not(control_plane: ControlPlane, namespace: str) -> None:
    made = subject(control_plane, namespace, _annotated(DEPLOYMENT, skipAwait="true")).create()
    assert made.read() is not None
    assert made.told.warnings == []
    made.delete(timeout=20)


def test_a_cluster_without_nodes_is_said_once_and_pods_are_not_waited_for(
    control_plane: ControlPlane, namespace: str
) -> None:
    made = subject(control_plane, namespace, DEPLOYMENT, without_nodes=True).create()
    (warning,) = made.told.warnings
    assert warning.endswith("this cluster has no nodes: its pods stay pending, and are not waited for")
    assert made.read() is not None
    made.inputs = {**BALANCER, "metadata": {"name": "y", "namespace": namespace}}
    made.create()
    assert len(made.told.warnings) == 1


def test_a_claim_that_is_bound_by_its_first_pod_is_not_waited_for(
    control_plane: ControlPlane, namespace: str
) -> None:
    control_plane.make(
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": f"late-{namespace}"},
            "provisioner": "shop.test/none",
            "volumeBindingMode": "WaitForFirstConsumer",
        }
    )
    claim = copy.deepcopy(CLAIM)
    claim["spec"]["storageClassName"] = f"late-{namespace}"
    made = subject(control_plane, namespace, claim).create()
    assert "binds it when a pod first uses it" in made.told.warnings[0]


def test_an_object_that_is_deleted_while_it_is_waited_for(
    control_plane: ControlPlane, namespace: str
) -> None:
    made = subject(control_plane, namespace, BALANCER)
    delete = control_plane.calls().delete
    timer = Timer(0.5, lambda: delete(made.resource.kind, namespace, "x", "Background"))
    timer.start()
    with pytest.raises(Partial, match="was deleted by somebody while it was waited for"):
        made.create(timeout=30)
    timer.join()


def test_a_server_that_dies_while_it_is_waited_for_ends_the_wait_in_time(
    control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The object is recorded, so that the next run goes on with it."""
    plane = start_control_plane(tmp_path_factory.mktemp("dying"), control_plane.binaries)
    try:
        timer = Timer(2, lambda: stop_control_plane(plane))
        timer.start()
        made = subject(plane, "default", BALANCER)
        with pytest.raises(
            Partial, match=r"could not be watched any longer: the API server .* cannot be reached"
        ):
            made.create(timeout=8)
        timer.join()
        assert made.id == "default/x"
        assert made.state["metadata"]["uid"]
    finally:
        stop_control_plane(plane)


def test_a_wait_ends_when_the_user_asks_to_stop_and_the_object_is_recorded(
    control_plane: ControlPlane, namespace: str
) -> None:
    made = subject(control_plane, namespace, BALANCER)
    timer = Timer(0.5, made.instance.stopping.set)
    timer.start()
    with pytest.raises(Partial, match="the wait was stopped on request; it has no address"):
        made.create(timeout=60)
    timer.join()
    assert made.id == f"{namespace}/x"


def test_an_instance_that_the_engine_closes_ends_no_wait_of_another() -> None:
    """As when another one replaces it: each has a connection of its own, to one process."""
    provider = Provider("1.0.0")
    server, port = protocol.serve(provider)
    try:
        with (
            grpc.insecure_channel(f"127.0.0.1:{port}") as old,
            grpc.insecure_channel(
                f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)]
            ) as new,
        ):
            for channel in (old, new):
                ResourceProviderStub(channel).Configure(messages.ConfigureRequest())
            ResourceProviderStub(old).Cancel(Empty())
            assert [item.stopping.is_set() for item in provider._instances.values()] == [True, False]
    finally:
        server.stop(grace=None)
