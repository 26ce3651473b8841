"""What goes wrong with a cluster while people plan and apply, what they are told, and how they go on."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from account_contents import servers
from cascade_estates import operations
from cluster_fixtures import Shell
from clustered_estates import ATTIC, CHAIN, CLUSTER, EXTRA, PLATFORM, Clustered, shop, there, uids, until
from granting_estates import parameters
from refusing_webhook import NAME, webhook

from prodfirst.resources.graph import urn_name


def carried_out(ended: Any) -> set[tuple[str, str]]:
    """Operation and name of each step that an apply has done."""
    return {(step["operation"], urn_name(step["urn"])) for step in ended["done"]}


@pytest.fixture(scope="module")
def shell(clustered: Clustered) -> Shell:
    """Somebody who works in the cluster by hand."""
    return clustered.shell()


@pytest.fixture
def silent(clustered: Clustered) -> Iterator[str]:
    """The endpoint of a cluster that takes connections and answers none, as behind a firewall."""
    (server,) = (pid for pid, name in servers(clustered.home).items() if name == "kube-apiserver")
    os.kill(server, signal.SIGSTOP)
    yield str(clustered.described()["endpoint"])
    os.kill(server, signal.SIGCONT)


def test_a_cluster_that_does_not_answer_fails_its_deployment_and_the_others_are_planned(
    clustered: Clustered, silent: str
) -> None:
    clustered.stack("shop", shop("two", EXTRA))
    clustered.stack("apart", parameters("one").replace('"1"', '"2"'))
    begun = time.monotonic()
    try:
        out, errors = clustered.both("plan", "platform", "shop", "apart", "--out", "plan.json", code=3)
    finally:
        clustered.stack("shop", shop("one", EXTRA))
        clustered.stack("apart", parameters("one"))
    assert time.monotonic() - begun < 60
    assert "`shop/local` cannot be planned: its cluster does not answer" in errors
    assert silent in errors
    assert "next: see that this machine reaches the endpoint" in errors
    assert "update  aws:ssm:Parameter one" in out
    assert "shop/local" not in out


def test_an_api_server_that_dies_in_the_middle_loses_nothing(clustered: Clustered, shell: Shell) -> None:
    clustered.stack("platform", PLATFORM + CHAIN)
    running = clustered.start("apply", "--stack", "platform", "--stack", "shop", "--yes", "--json")
    until(lambda: there(shell, "configmap", "c1"))
    with clustered.control_plane_down():
        out, errors = running.communicate(timeout=120)
    assert running.returncode == 3, out + errors
    ended = {item["deployment"]: item for item in json.loads(out.split("\nerror:")[0])["deployments"]}
    assert ended["platform/local"]["result"] == "failed"
    assert "the API server https://127.0.0.1:" in json.dumps(ended["platform/local"]["failed"])
    assert ended["shop/local"]["result"] == "not reached"

    made = uids(shell, "configmap")
    assert "ConfigMap/c1" in made
    assert "ConfigMap/c11" not in made
    again = clustered.apply("--stack", "platform", "--stack", "shop", "--yes")
    assert again["platform"]["result"] == "applied"
    assert again["shop"]["result"] == "unchanged"
    now = uids(shell, "configmap")
    assert {f"ConfigMap/c{number}" for number in range(12)} <= now.keys()
    assert {name: now[name] for name in made} == made, "what was made is kept"


def test_a_namespace_that_is_stuck_says_why_and_the_next_run_goes_on(
    clustered: Clustered, shell: Shell
) -> None:
    clustered.stack("platform", PLATFORM + ATTIC)
    assert clustered.result("platform")["result"] == "applied"
    held = {"name": "kept", "namespace": "attic", "finalizers": ["acme.test/backup"]}
    shell.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held})
    clustered.stack("platform", PLATFORM)
    ended = clustered.result("platform", code=3)
    (failed,) = ended["failed"]
    (why,) = failed["reasons"]
    assert "Namespace `attic` is not gone after 8 s" in why
    assert "acme.test/backup" in why

    step = '[{"op": "remove", "path": "/metadata/finalizers"}]'
    shell.kubectl("patch", "configmap", "kept", "-n", "attic", "--type=json", "-p", step)
    ended = clustered.result("platform")
    assert ("delete", "attic") in carried_out(ended), "the state still had it"
    assert "notfound" in shell.refused("get", "namespace", "attic")


def test_what_a_webhook_refuses_is_said_before_the_first_change(
    clustered: Clustered, shell: Shell, tmp_path: Path
) -> None:
    with webhook(tmp_path / "webhook") as hook:
        shell.apply(hook.manifest())
        try:
            clustered.stack("shop", shop("refused", EXTRA))
            refused = clustered.result("shop", code=1)
            hook.dry_runs = False
            failed = clustered.result("shop", code=3)
        finally:
            shell.kubectl("delete", "validatingwebhookconfiguration", "tiers")
    assert refused["result"] == "refused"
    assert "the cluster refuses `web` (kubernetes:core/v1:Service)" in refused["why"]
    for told in (refused["why"], json.dumps(failed["failed"])):
        assert NAME in told
        assert "no such tier here" in told
    (step,) = failed["failed"]
    assert urn_name(step["urn"]) == "web"
    assert failed["done"] == []


def test_a_field_of_another_manager_is_shown_before_the_first_change(
    clustered: Clustered, shell: Shell
) -> None:
    theirs = ("label", "service", "web", "-n", "shop", "--overwrite", "--field-manager=mary")
    shell.kubectl(*theirs, "tier=theirs")
    clustered.stack("shop", shop("two", EXTRA))
    ended = clustered.result("shop", code=1)
    assert ended["result"] == "refused"
    assert '`metadata.labels.tier`: conflict with "mary"' in ended["why"]
    assert ended["done"] == []
    shell.kubectl(*theirs, "tier=one")


def test_what_somebody_deleted_is_found_and_made_again_or_left_alone(
    clustered: Clustered, shell: Shell
) -> None:
    clustered.stack("shop", shop("one"))
    shell.kubectl("delete", "configmap", "settings", "-n", "shop")
    (found,) = clustered.json("drift", "shop", "--record", code=1)["deployments"]
    assert {(step["operation"], urn_name(step["urn"])) for step in found["steps"]} == {("delete", "settings")}
    shell.kubectl("delete", "configmap", "extra", "-n", "shop")
    ended = clustered.result("shop")
    assert ended["result"] == "applied"
    assert {("create", "settings"), ("delete", "extra")} <= carried_out(ended)
    assert uids(shell, "configmap").keys() >= {"ConfigMap/settings"}
    assert "ConfigMap/extra" not in uids(shell, "configmap")


def test_a_cluster_that_is_replaced_takes_everything_with_it(clustered: Clustered, shell: Shell) -> None:
    before = uids(shell, "configmap", "service", "role", "resourcequota")
    old = clustered.described()
    running = servers(clustered.home).keys()
    clustered.stack("cluster", CLUSTER.format(name="next"))
    clustered.lock()
    out = clustered.run("plan", "--out", "plan.json")
    assert out.index("Data at risk") < out.index("cluster/local  infrastructure")
    saved = json.loads((clustered.folder / "plan.json").read_text())["deployments"]
    planned = {item["stack"]: item for item in saved}
    made = {(step["operation"], step["urn"].rpartition("$")[2]) for step in planned["cluster"]["steps"]}
    cluster = "aws:eks/cluster:Cluster"
    assert {("create", f"{cluster}::next"), ("delete", f"{cluster}::main")} <= made
    for stack in ("platform", "shop"):
        assert set(operations(planned[stack]).values()) <= {"replace", "same"}, stack
    assert {name: operations(planned["shop"])[name] for name in ("web", "settings")} == {
        "web": "replace",
        "settings": "replace",
    }

    ended = clustered.apply("plan.json")
    assert {item["result"] for item in ended.values()} <= {"applied", "unchanged"}
    now = clustered.shell("next")
    after = uids(now, "configmap", "service", "role", "resourcequota")
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    eks = clustered.administrator.client("eks")
    assert eks.list_clusters()["clusters"] == [now.cluster]
    assert not servers(clustered.home).keys() & running
    assert clustered.described("next")["endpoint"] != old["endpoint"]
    assert all(not item["steps"] for item in clustered.json("drift", "cluster", "shop")["deployments"])


def test_all_of_it_is_destroyed_and_what_bootstrap_made_is_left(clustered: Clustered) -> None:
    """After all others."""
    ended = clustered.json("destroy", "--yes")["deployments"]
    assert {item["result"] for item in ended} == {"applied"}
    assert servers(clustered.home) == {}
    bootstrapped = (clustered.home.parent / "bootstrapped").read_text().splitlines()
    assert clustered.contents == frozenset(bootstrapped)
