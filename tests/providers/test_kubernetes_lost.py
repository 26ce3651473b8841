"""Answers that never come: what was made is found, what was not is not taken for made."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from control_plane_fixtures import ControlPlane
from kubernetes_resources import Subject, subject
from test_kubernetes_waiting import CONFIG

from prodfirst.adapters.kubernetes.destinations import Destination
from prodfirst.adapters.kubernetes.planned_objects import PlannedObject
from prodfirst.adapters.kubernetes.preflight import preflight
from prodfirst.planning.checks import Verdict
from prodfirst.planning.steps import Operation
from prodfirst.providers.kubernetes import applying
from prodfirst.providers.kubernetes.applying import Conflict
from prodfirst.providers.kubernetes.client import Answer, Client, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster
from prodfirst.providers.kubernetes.kubeconfig import access_of
from prodfirst.providers.kubernetes.objects import Data, Kind
from prodfirst.providers.kubernetes.operations import Partial
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import freeze


class _Losing(Cluster):
    """The connection breaks at the creation: before or after the server has carried it out."""

    carried_out = True
    down = False
    """Whether the server stays away after it."""

    def create(self, kind: Kind, thing: Data, options: Mapping[str, str]) -> Answer:
        if self.carried_out:
            super().create(kind, thing, options)
        raise Unreachable("the API server gave no answer: ConnectionResetError", sent=True)

    def find(self, kind: Kind, namespace: str, name: str) -> Data | None:
        if self.down:
            raise Unreachable("the API server cannot be reached")
        return super().find(kind, namespace, name)


@contextmanager
def _losing(asked: Subject, **how: bool) -> Iterator[None]:
    """The subject's cluster loses the answers of creations meanwhile."""
    kept = asked.instance.cluster()
    losing = _Losing(kept.client)
    for name, value in how.items():
        setattr(losing, name, value)
    asked.instance._cluster = losing
    try:
        yield
    finally:
        asked.instance._cluster = kept


def _live(plane: ControlPlane, namespace: str) -> Any:
    return plane.get("v1", "ConfigMap", namespace, "x")


def test_what_was_made_is_found_although_the_answer_is_lost(
    control_plane: ControlPlane, namespace: str
) -> None:
    asked = subject(control_plane, namespace, CONFIG)
    with _losing(asked):
        asked.create()
    assert asked.state["metadata"]["uid"] == _live(control_plane, namespace)["metadata"]["uid"]


def test_what_was_not_made_is_a_failure_and_nothing_is_recorded(
    control_plane: ControlPlane, namespace: str
) -> None:
    asked = subject(control_plane, namespace, CONFIG)
    with _losing(asked, carried_out=False), pytest.raises(Unreachable):
        asked.create()
    assert asked.state == {}


@pytest.fixture
def unsure(
    control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch, request: Any
) -> Subject:
    """The server stays away after a creation, which it has carried out or not."""
    monkeypatch.setattr(applying, "_FINDING_SECONDS", 0.1)
    asked = subject(control_plane, namespace, CONFIG)
    with (
        _losing(asked, carried_out=request.param, down=True),
        pytest.raises(Partial, match="whether it was made is not known"),
    ):
        asked.create()
    assert asked.id == f"{namespace}/x"
    return asked


@pytest.mark.parametrize("unsure", [True, False], indirect=True, ids=["made", "not made"])
def test_the_next_run_goes_on_with_what_nobody_knew(
    unsure: Subject, control_plane: ControlPlane, namespace: str
) -> None:
    state = unsure.update(unsure.inputs)
    assert state["metadata"]["uid"] == _live(control_plane, namespace)["metadata"]["uid"]


@pytest.mark.parametrize("unsure", [True, False], indirect=True, ids=["made", "not made"])
def test_preflight_tries_what_nobody_knew(unsure: Subject, control_plane: ControlPlane) -> None:
    inputs = {key: freeze(value) for key, value in unsure.inputs.items()}
    urn = Urn("urn:pulumi:dev::acme::kubernetes:core/v1:ConfigMap::x")
    planned = PlannedObject(urn, unsure.token, Operation.UPDATE, inputs, uncertain=True)
    (answer,) = preflight(Destination(control_plane.kubeconfig(), "", "", ""), [planned], {}).answers
    assert answer.verdict is Verdict.PASSED, answer.why


@pytest.mark.parametrize("unsure", [True, False], indirect=True, ids=["made", "not made"])
def test_it_can_be_removed_too(unsure: Subject, control_plane: ControlPlane, namespace: str) -> None:
    unsure.delete(timeout=20)
    assert _live(control_plane, namespace) is None


@pytest.mark.parametrize("unsure", [False], indirect=True)
def test_what_somebody_else_made_meanwhile_is_neither_changed_nor_removed(
    unsure: Subject, control_plane: ControlPlane, namespace: str
) -> None:
    theirs = control_plane.make({**CONFIG, "metadata": {"name": "x", "namespace": namespace}})
    with pytest.raises(Conflict, match="is there, and not by this program"):
        unsure.update(unsure.inputs)
    unsure.delete(timeout=20)
    assert _live(control_plane, namespace)["metadata"]["uid"] == theirs["metadata"]["uid"]


def test_a_server_that_takes_connections_and_answers_none_costs_one_wait(control_plane: ControlPlane) -> None:
    """As behind a balancer whose servers hang: the connection is there, the handshake never ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = f"https://127.0.0.1:{listener.getsockname()[1]}"
        client = Client(access_of(control_plane.kubeconfig(server=server)))
        begun = time.monotonic()
        for _ in range(3):
            with pytest.raises(Unreachable, match="gave no answer in time") as away:
                client.request("GET", "/api")
            assert away.value.silent
        assert time.monotonic() - begun < 15


def test_a_server_that_is_not_there_is_not_waited_for(control_plane: ControlPlane) -> None:
    with pytest.raises(Unreachable, match="cannot be reached") as away:
        Client(access_of(control_plane.kubeconfig(server="https://127.0.0.1:1"))).request("GET", "/version")
    assert not away.value.silent
    assert not away.value.sent


def test_a_cluster_elsewhere_is_asked_through_the_proxy_of_the_run(control_plane: ControlPlane) -> None:
    """And not past it: the local cloud refuses other hosts there."""
    client = Client(
        access_of(control_plane.kubeconfig(server="https://k8s.example.com")),
        {"HTTPS_PROXY": "http://127.0.0.1:1", "PATH": ""},
    )
    with pytest.raises(Unreachable, match="ProxyError"):
        client.request("GET", "/version")
