"""Answers that never come: what was made is found, what was not is not taken for made."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from control_plane_fixtures import ControlPlane
from kubernetes_resources import Subject, subject
from stalled_relay import relay
from test_kubernetes_waiting import CONFIG

from prodfirst.adapters.kubernetes.destinations import Destination
from prodfirst.adapters.kubernetes.planned_objects import PlannedObject
from prodfirst.adapters.kubernetes.preflight import look, preflight
from prodfirst.planning.checks import Verdict
from prodfirst.planning.steps import Operation
from prodfirst.providers.kubernetes import losing
from prodfirst.providers.kubernetes.applying import Conflict
from prodfirst.providers.kubernetes.client import Answer, ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster
from prodfirst.providers.kubernetes.kubeconfig import access_of
from prodfirst.providers.kubernetes.losing import Lost
from prodfirst.providers.kubernetes.objects import Data, Kind
from prodfirst.providers.kubernetes.operations import Partial
from prodfirst.providers.kubernetes.ownership import CREATOR
from prodfirst.providers.kubernetes.state import SENT, doubt_of
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import freeze


class _Losing(Cluster):
    """The answer to a creation is lost: before or after the server has carried it out."""

    carried_out = True
    down = False
    """Whether the server stays away after it."""
    status = 0
    """What a balancer, or the server itself, answers in place of it; 0 where the connection breaks."""

    def create(self, kind: Kind, thing: Data, options: Mapping[str, str]) -> Answer:
        if self.carried_out:
            super().create(kind, thing, options)
        raise self._failure()

    def apply(self, kind: Kind, thing: Data, options: Mapping[str, str]) -> Answer:
        if self.carried_out:
            super().apply(kind, thing, options)
        raise self._failure()

    def _failure(self) -> Exception:
        if self.status:
            return ApiError(self.status, {"message": "etcdserver: request timed out"})
        return Unreachable("the API server gave no answer: ConnectionResetError", sent=True)

    def find(self, kind: Kind, namespace: str, name: str, insisting: float = 0) -> Data | None:
        if self.down:
            raise Unreachable("the API server cannot be reached")
        return super().find(kind, namespace, name, insisting)


@contextmanager
def _losing(asked: Subject, **how: Any) -> Iterator[None]:
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


LOST = [0, 500, 502, 503, 504]
"""A broken connection, and the answers that are no refusal."""


@pytest.mark.parametrize("status", LOST)
@pytest.mark.parametrize("settings", [{}, {"upsert": True}], ids=["create", "upsert"])
def test_what_was_made_is_found_although_the_answer_is_lost(
    control_plane: ControlPlane, namespace: str, status: int, settings: Any
) -> None:
    asked = subject(control_plane, namespace, CONFIG, **settings)
    with _losing(asked, status=status):
        asked.create()
    assert asked.state["metadata"]["uid"] == _live(control_plane, namespace)["metadata"]["uid"]


@pytest.mark.parametrize("status", LOST)
@pytest.mark.parametrize("settings", [{}, {"upsert": True}], ids=["create", "upsert"])
def test_what_is_not_there_yet_may_still_come_and_is_recorded(
    control_plane: ControlPlane, namespace: str, status: int, settings: Any
) -> None:
    """It may be in admission, or on its way to the store: the next run finds out."""
    asked = subject(control_plane, namespace, CONFIG, **settings)
    with (
        _losing(asked, carried_out=False, status=status),
        pytest.raises(Partial, match=r"whether it was made is not known.*it was not there yet"),
    ):
        asked.create()
    assert asked.id == f"{namespace}/x"
    asked.instance.cluster().create(asked.resource.kind, asked.inputs, {"fieldManager": CREATOR})
    state = asked.update(asked.inputs)
    assert state["metadata"]["uid"] == _live(control_plane, namespace)["metadata"]["uid"]


def test_a_refusal_is_a_failure_and_nothing_is_recorded(control_plane: ControlPlane, namespace: str) -> None:
    asked = subject(control_plane, namespace, CONFIG)
    with _losing(asked, carried_out=False, status=429), pytest.raises(ApiError):
        asked.create()
    assert asked.state == {}


def test_a_connection_that_is_refused_is_a_failure_and_nothing_is_recorded(
    control_plane: ControlPlane, namespace: str
) -> None:
    """Nothing was sent, so nothing was made."""
    asked = subject(control_plane, namespace, CONFIG)
    away = Client(access_of(control_plane.kubeconfig(server="https://127.0.0.1:1")))
    cluster = asked.instance.cluster()
    cluster.collection(asked.resource.kind)
    cluster.client = away
    with pytest.raises(Unreachable, match="cannot be reached"):
        asked.create()
    assert asked.state == {}


def test_an_object_of_another_stack_is_not_taken_for_what_was_lost(
    control_plane: ControlPlane, namespace: str
) -> None:
    """It has the same field manager, and is older than the request."""
    other = subject(control_plane, namespace, CONFIG).create()
    time.sleep(2.1)
    asked = subject(control_plane, namespace, CONFIG)
    with _losing(asked, carried_out=False), pytest.raises(Conflict, match="not by this program"):
        asked.create()
    assert asked.state == {}
    assert _live(control_plane, namespace)["metadata"]["uid"] == other.state["metadata"]["uid"]


@pytest.fixture
def unsure(
    control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch, request: Any
) -> Subject:
    """The server stays away after a creation, which it has carried out or not."""
    monkeypatch.setattr(losing, "_FINDING_SECONDS", 0.1)
    asked = subject(control_plane, namespace, CONFIG)
    with (
        _losing(asked, carried_out=request.param, down=True),
        pytest.raises(Partial, match="whether it was made is not known"),
    ):
        asked.create()
    assert asked.id == f"{namespace}/x"
    return asked


def _planned(unsure: Subject) -> PlannedObject:
    inputs = {key: freeze(value) for key, value in unsure.inputs.items()}
    urn = Urn("urn:pulumi:dev::acme::kubernetes:core/v1:ConfigMap::x")
    doubt = doubt_of(unsure.state, upsert=False)
    return PlannedObject(urn, unsure.token, Operation.UPDATE, inputs, doubt=doubt)


@pytest.mark.parametrize("unsure", [True, False], indirect=True, ids=["made", "not made"])
def test_the_next_run_goes_on_with_what_nobody_knew(
    unsure: Subject, control_plane: ControlPlane, namespace: str
) -> None:
    state = unsure.update(unsure.inputs)
    assert state["metadata"]["uid"] == _live(control_plane, namespace)["metadata"]["uid"]


@pytest.mark.parametrize("unsure", [True, False], indirect=True, ids=["made", "not made"])
def test_preflight_tries_what_nobody_knew(unsure: Subject, control_plane: ControlPlane) -> None:
    (answer,) = preflight(_where(control_plane), [_planned(unsure)], {}).answers
    assert answer.verdict is Verdict.PASSED, answer.why


@pytest.mark.parametrize("unsure", [True, False], indirect=True, ids=["made", "not made"])
def test_a_plan_that_may_only_read_refuses_nothing_of_what_nobody_knew(
    unsure: Subject, control_plane: ControlPlane, namespace: str
) -> None:
    user = _reader(control_plane, namespace)
    (answer,) = look(_where(control_plane, user), [_planned(unsure)], {}).answers
    assert answer.verdict is Verdict.READ, answer.why


@pytest.mark.parametrize("unsure", [False], indirect=True)
def test_a_plan_and_preflight_say_that_somebody_else_made_it_meanwhile(
    unsure: Subject, control_plane: ControlPlane, namespace: str
) -> None:
    user = _reader(control_plane, namespace)
    control_plane.make({**CONFIG, "metadata": {"name": "x", "namespace": namespace}})
    for found in (
        preflight(_where(control_plane), [_planned(unsure)], {}),
        look(_where(control_plane, user), [_planned(unsure)], {}),
    ):
        (answer,) = found.answers
        assert answer.verdict is Verdict.REFUSED
        assert "not by this program" in answer.why


def _where(plane: ControlPlane, user: str = "administrator") -> Destination:
    return Destination(plane.kubeconfig(user), "", "", "")


def _reader(plane: ControlPlane, namespace: str) -> str:
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
    plane.allow("reader", namespace, rule)
    return "reader"


@pytest.mark.parametrize("unsure", [True, False], indirect=True, ids=["made", "not made"])
def test_a_look_at_what_nobody_knew_records_it_or_nothing(
    unsure: Subject, control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losing, "_COMING_SECONDS", -1.0)
    live, found = _live(control_plane, namespace), unsure.read()
    assert (found or {}).get("metadata", {}).get("uid") == (live or {}).get("metadata", {}).get("uid")


@pytest.mark.parametrize("unsure", [True], indirect=True)
def test_what_a_broken_update_took_over_is_gone_on_with(
    unsure: Subject, control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fields are the recorded manager's then, and the creation is still in doubt."""
    _broken_update(unsure, monkeypatch)
    state = unsure.update({**unsure.inputs, "data": {"a": "2"}})
    assert state["metadata"]["uid"] == _live(control_plane, namespace)["metadata"]["uid"]
    assert _live(control_plane, namespace)["data"] == {"a": "2"}


@pytest.mark.parametrize("unsure", [True], indirect=True)
def test_what_a_broken_update_took_over_can_be_removed(
    unsure: Subject, control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _broken_update(unsure, monkeypatch)
    unsure.delete(timeout=20)
    assert _live(control_plane, namespace) is None


def _broken_update(unsure: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Cluster, "apply", _refuse)
        with pytest.raises(ApiError):
            unsure.update({**unsure.inputs, "data": {"a": "2"}})


def _refuse(*_: object) -> Answer:
    raise ApiError(403, {"message": "a webhook says no"})


@pytest.mark.parametrize("unsure", [False], indirect=True)
def test_what_may_still_come_is_not_taken_off_the_record(unsure: Subject) -> None:
    """Else it is nobody's as soon as the server carries the request out."""
    with pytest.raises(Lost, match=r"may come within 65 s. Next: run it again"):
        unsure.delete(timeout=20)
    with pytest.raises(Lost, match="may come within 65 s"):
        unsure.read()


@pytest.mark.parametrize("unsure", [True, False], indirect=True, ids=["made", "not made"])
def test_it_can_be_removed_too(
    unsure: Subject, control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losing, "_COMING_SECONDS", -1.0)
    unsure.delete(timeout=20)
    assert _live(control_plane, namespace) is None


@pytest.mark.parametrize("unsure", [False], indirect=True)
def test_what_somebody_else_made_meanwhile_is_neither_changed_nor_removed(
    unsure: Subject, control_plane: ControlPlane, namespace: str
) -> None:
    theirs = control_plane.make({**CONFIG, "metadata": {"name": "x", "namespace": namespace}})
    with pytest.raises(Conflict, match="is there, and not by this program"):
        unsure.update(unsure.inputs)
    with pytest.raises(Conflict, match=r"it was not deleted\. Next: `prodfirst drift --record`"):
        unsure.delete(timeout=20)
    assert _live(control_plane, namespace)["metadata"]["uid"] == theirs["metadata"]["uid"]
    assert unsure.read() is None
    assert "not by this program" in unsure.told.warnings[-1]


@pytest.mark.parametrize("unsure", [False], indirect=True)
def test_what_another_stack_made_before_is_not_ours(
    unsure: Subject, control_plane: ControlPlane, namespace: str
) -> None:
    other = subject(control_plane, namespace, CONFIG).create()
    unsure.state[SENT] = losing.stamp(datetime.now(UTC) + timedelta(seconds=5))
    assert unsure.read() is None
    with pytest.raises(Conflict, match="was not deleted"):
        unsure.delete(timeout=20)
    with pytest.raises(Conflict, match="is there, and not by this program"):
        unsure.update(unsure.inputs)
    assert _live(control_plane, namespace)["metadata"]["uid"] == other.state["metadata"]["uid"]


def test_an_answer_that_is_waited_for_in_vain_is_asked_after_at_once(
    control_plane: ControlPlane, namespace: str
) -> None:
    """Through a relay that brings the request to the server, and never the answer back."""
    with relay(control_plane.server) as between:
        asked = subject(control_plane, namespace, CONFIG)
        client = Client(access_of(control_plane.kubeconfig(server=between.address)), seconds=2)
        asked.instance._cluster = cluster = Cluster(client)
        cluster.collection(asked.resource.kind)
        between.mute()
        begun = time.monotonic()
        asked.create()
    assert 2 <= time.monotonic() - begun < 8
    assert asked.state["metadata"]["uid"] == _live(control_plane, namespace)["metadata"]["uid"]


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
