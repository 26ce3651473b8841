"""Where no answer comes, a proof says who does not answer: it is no defect of prodfirst."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from control_plane_fixtures import ControlPlane

from prodfirst.adapters.aws import asking
from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.asking import DatabaseQuestion, told_by_database
from prodfirst.adapters.kubernetes.calling import ClusterCall, make, place_of
from prodfirst.kernel.errors import Failure
from prodfirst.localcloud.kubernetes.cluster import Cluster, Status
from prodfirst.localcloud.kubernetes.standing_in import Kubelet, credentials
from prodfirst.providers.kubernetes.client import Client
from prodfirst.providers.kubernetes.kubeconfig import access_of

_AWAY = "http://127.0.0.1:1"


def test_a_cluster_that_is_away(control_plane: ControlPlane) -> None:
    client = Client(access_of(control_plane.kubeconfig(server="https://127.0.0.1:1")))
    with pytest.raises(Failure, match="a cluster does not answer `GET /version`"):
        make(ClusterCall("GET", "/version"), client)


def test_a_cloud_that_does_not_know_the_cluster() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    nowhere = {**keys, "AWS_ENDPOINT_URL": _AWAY, "AWS_MAX_ATTEMPTS": "1"}
    with pytest.raises(Failure, match="cluster `acme` cannot be found"):
        place_of("acme", AwsAccess("eu-central-1", nowhere))


def test_an_agent_and_a_cluster_that_give_a_pod_nothing(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="EKS Pod Identity does not answer"):
        credentials(_AWAY, "token")
    cluster = Cluster("A" * 32, "000000000000", "eu-central-1", "acme", "172.20.0.0/16", Status.ACTIVE)
    with pytest.raises(Failure, match="acme does not answer a process that stands for a pod"):
        Kubelet(cluster, tmp_path).token("shop", "web")


def test_a_database_that_takes_the_question_and_gives_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        question = DatabaseQuestion("arn", "127.0.0.1", listening.getsockname()[1], "shop")
        with pytest.raises(Failure, match="the database gives no answer") as told:
            told_by_database(question, {"username": "shop", "password": "hidden"})
    assert "hidden" not in str(told.value)
