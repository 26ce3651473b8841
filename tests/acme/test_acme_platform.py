"""What teams get of the example's cluster, and what its API refuses even its administrator."""

from __future__ import annotations

import json
from typing import Any

import pytest
from acme_cluster import REGISTRY, RESTRICTED, Entrance, deployment, pod
from cluster_fixtures import Shell

DRY = ("apply", "--dry-run=server", "-f", "-", "-o", "json")


@pytest.fixture
def administrator(entrance: Entrance) -> Shell:
    """The furnishing stack's apply identity: what it is refused, a role does not allow."""
    return entrance("platform/apply")


def _objects(shell: Shell, kind: str, *arguments: str) -> Any:
    return json.loads(shell.kubectl("get", kind, *arguments, "-o", "json"))


def test_a_pod_within_the_rules_is_taken_and_gets_requests_and_limits(administrator: Shell) -> None:
    made = json.loads(administrator.kubectl(*DRY, stdin=pod("shop")))
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "500m", "memory": "512Mi"},
        "requests": {"cpu": "100m", "memory": "128Mi"},
    }


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (pod("shop", security={"privileged": True}), 'violates podsecurity "restricted:v1.35"'),
        (pod("shop", hostNetwork=True), "host namespaces"),
        (pod("shop", image=f"{REGISTRY}/shop:latest"), "images are named by digest"),
        (pod("shop", image=f"docker.io/shop@sha256:{'a' * 64}"), f"images come from {REGISTRY}/"),
        (
            pod("shop", initContainers=[{"name": "i", "image": "i", "securityContext": RESTRICTED}]),
            "images come from",
        ),
        (pod("shop", automountServiceAccountToken=True), "pods have a service account of their own"),
        (pod("default"), "nothing runs in the namespace `default`"),
        (deployment("blog", pod("blog", image=f"{REGISTRY}/blog:1")), "images are named by digest"),
        (deployment("default", pod("default")), "nothing runs in the namespace `default`"),
    ],
)
def test_what_the_cluster_refuses_whoever_asks(administrator: Shell, manifest: str, why: str) -> None:
    assert why in administrator.refused(*DRY, stdin=manifest)


def test_a_quota_ends_what_a_team_takes_and_opens_no_load_balancer(administrator: Shell) -> None:
    large = {"limits": {"cpu": "4"}, "requests": {"cpu": "4"}}
    container = {
        "name": "app",
        "image": json.loads(pod("shop"))["spec"]["containers"][0]["image"],
        "securityContext": RESTRICTED,
        "resources": large,
    }
    three = pod("shop", containers=[{**container, "name": f"c{number}"} for number in range(3)])
    assert "exceeded quota: team" in administrator.refused(*DRY, stdin=three)
    balancer = ("create", "service", "loadbalancer", "out", "--tcp=80:80", "-n", "shop", "--dry-run=server")
    assert "exceeded quota: team" in administrator.refused(*balancer)


@pytest.mark.parametrize("namespace", ["shop", "blog"])
def test_a_namespace_is_closed_to_the_network_but_for_names(administrator: Shell, namespace: str) -> None:
    policies = {
        item["metadata"]["name"]: item["spec"]
        for item in _objects(administrator, "networkpolicies", "-n", namespace)["items"]
    }
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (rule,) = policies["allow-dns"]["egress"]
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}


def test_disks_are_encrypted_and_outlive_their_claim(administrator: Shell) -> None:
    disks = _objects(administrator, "storageclass", "encrypted")
    assert disks["parameters"]["encrypted"] == "true"
    assert disks["reclaimPolicy"] == "Retain"


def test_the_plan_identity_reads_what_its_lock_names_and_changes_nothing(entrance: Entrance) -> None:
    plan = entrance("platform/plan")
    for kind, name, where in (
        ("namespace", "shop", ()),
        ("resourcequota", "team", ("-n", "shop")),
        ("role", "team", ("-n", "blog")),
        ("validatingadmissionpolicy", "prodfirst-workloads-of-teams", ()),
    ):
        plan.kubectl("get", kind, name, *where)
    for attempt in (
        ("get", "secrets", "-n", "shop"),
        ("get", "namespace", "kube-system"),
        ("delete", "resourcequota", "team", "-n", "shop", "--dry-run=server"),
        ("create", "namespace", "more", "--dry-run=server"),
        ("create", "rolebinding", "up", "--clusterrole=admin", "--group=x", "-n", "shop", "--dry-run=server"),
    ):
        assert "forbidden" in plan.refused(*attempt), attempt


def test_a_stack_that_nobody_let_in_stays_outside(entrance: Entrance) -> None:
    assert "logged in" in entrance("network/apply").refused("get", "namespaces")
