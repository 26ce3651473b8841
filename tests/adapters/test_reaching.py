"""Which clusters are asked before anything is begun, and which count as gone."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from control_plane_fixtures import ControlPlane
from kubernetes_resources import subject
from test_kubernetes_waiting import CONFIG

from prodfirst.adapters.kubernetes.destinations import Destination, destination_of, known_access
from prodfirst.adapters.kubernetes.planned_objects import PlannedObject
from prodfirst.adapters.kubernetes.preflight import look, preflight
from prodfirst.adapters.kubernetes.reaching import gone_clusters, silent_clusters
from prodfirst.kernel.errors import Failure
from prodfirst.planning.checks import Verdict
from prodfirst.planning.steps import Operation, Step
from prodfirst.providers.kubernetes.instance import NotDeleted
from prodfirst.providers.kubernetes.settings import GONE, settings_of
from prodfirst.resources.graph import Resource, ResourceGraph, Urn
from prodfirst.resources.values import Value, freeze

_THERE = Urn("urn:pulumi:dev::acme::pulumi:providers:kubernetes::there")
_OBJECT = Urn("urn:pulumi:dev::acme::kubernetes:core/v1:ConfigMap::c")
_AWAY = "https://127.0.0.1:1"
_NEW = "https://127.0.0.1:2"


def _kubeconfig(*servers: str) -> str:
    clusters = [{"name": server, "cluster": {"server": server}} for server in servers]
    context = {"name": "c", "context": {"cluster": servers[0], "user": ""}}
    return json.dumps({"clusters": clusters, "contexts": [context], "current-context": "c"})


def _provider(server: str, **inputs: Value) -> Mapping[str, Value]:
    return {"kubeconfig": _kubeconfig(server), **inputs}


def _graph(inputs: Mapping[str, Value]) -> ResourceGraph:
    return ResourceGraph((Resource(_THERE, True, inputs),))


def _gone(old: Mapping[str, Value], new: Mapping[str, Value], there: frozenset[str]) -> tuple[str, ...]:
    return gone_clusters([(_THERE, old)], _graph(new), there, {})


def test_a_cluster_that_does_not_answer_is_gone_only_where_the_local_cloud_has_none_with_its_endpoint() -> (
    None
):
    assert _gone(_provider(_AWAY), _provider(_NEW), frozenset({_NEW})) == (_AWAY,)
    assert _gone(_provider(_AWAY), _provider(_NEW), frozenset({_NEW, _AWAY})) == ()
    elsewhere = "https://k8s.example.com"
    assert _gone(_provider(elsewhere), _provider(_NEW), frozenset({_NEW})) == ()


def test_a_cluster_with_the_same_identifier_has_only_moved() -> None:
    assert _gone(
        _provider(_AWAY, clusterIdentifier="a"), _provider(_NEW, clusterIdentifier="a"), frozenset({_NEW})
    ) == ()  # fmt: skip
    assert _gone(
        _provider(_AWAY, clusterIdentifier="a"), _provider(_NEW, clusterIdentifier="b"), frozenset({_NEW})
    ) == (_AWAY,)


def test_what_was_in_a_gone_cluster_counts_as_deleted_and_in_no_other_one(
    control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GONE, f"{_NEW} {_AWAY}")
    gone = settings_of({}).gone
    made = subject(control_plane, namespace, CONFIG).create()
    for server, counts in ((_AWAY, True), ("https://127.0.0.1:3", False)):
        kubeconfig = control_plane.kubeconfig(server=server)
        away = subject(control_plane, namespace, CONFIG, gone=gone, kubeconfig=kubeconfig)
        away.id, away.state = made.id, made.state
        if counts:
            away.delete(timeout=5)
            assert f"taken for deleted: the API server {server}" in away.told.warnings[0]
        else:
            with pytest.raises(NotDeleted, match="make the cluster answer and apply again"):
                away.delete(timeout=5)


def test_the_users_own_kubeconfig_is_never_read(
    control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    path = f"{tmp_path}/config"
    with open(path, "w") as stream:
        stream.write(control_plane.kubeconfig())
    monkeypatch.setenv("KUBECONFIG", path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in ("", "  ", "~/config"):
        assert known_access({"kubeconfig": given}, {"HOME": "/nonexistent"}) is None
        assert known_access({"kubeconfig": given}, {}) is None


def test_the_providers_cluster_is_chosen_over_its_contexts() -> None:
    inputs = {"kubeconfig": _kubeconfig(_AWAY, _NEW), "cluster": _NEW}
    found = known_access(inputs, os.environ)
    assert found is not None
    assert found.server == _NEW
    assert isinstance(destination_of(inputs), Destination)


class _Unwell(BaseHTTPRequestHandler):
    """A balancer without a server behind it."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


class _Leaving(BaseHTTPRequestHandler):
    """An API server that answers one question."""

    def do_GET(self) -> None:
        if self.path == "/version":
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
        else:
            self.close_connection = True

    do_POST = do_PATCH = do_GET

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), request.param) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


@pytest.mark.parametrize("server", [_Unwell], indirect=True)
def test_an_error_of_the_server_is_no_answer(server: str) -> None:
    thing = Resource(_OBJECT, True, {}, provider=f"{_THERE}::id")
    graph = ResourceGraph((Resource(_THERE, True, _provider(server)), thing))
    (why,) = silent_clusters([Step(Operation.UPDATE, _OBJECT)], graph, (), {}).values()
    assert "is not well" in why


def test_the_clusters_that_a_state_records_are_asked_about_its_deletions() -> None:
    deletion = [Step(Operation.DELETE, _OBJECT)]
    recorded = [(_THERE, _provider(_AWAY))]
    (why,) = silent_clusters(deletion, ResourceGraph(()), recorded, {}).values()
    assert "cannot be reached" in why
    assert not silent_clusters(deletion, ResourceGraph(()), recorded, {}, gone=[_AWAY])
    left = [(_THERE, _provider(_AWAY, deleteUnreachable=True))]
    assert not silent_clusters(deletion, ResourceGraph(()), left, {})
    assert not silent_clusters([Step(Operation.SAME, _OBJECT)], ResourceGraph(()), recorded, {})


@pytest.mark.parametrize("server", [_Leaving], indirect=True)
def test_a_cluster_that_stops_to_answer_before_all_is_tried_lets_nothing_begin(server: str) -> None:
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "a"}}
    frozen = {key: freeze(value) for key, value in inputs.items()}
    item = PlannedObject(_OBJECT, "kubernetes:core/v1:ConfigMap", Operation.CREATE, frozen)
    where = Destination(_kubeconfig(server), "", "", "")
    with pytest.raises(Failure, match="nothing is begun"):
        preflight(where, [item], {})
    (answer,) = look(where, [item], {}).answers
    assert answer.verdict is Verdict.UNCHECKED
