"""Inside the example's cluster: what each identity is let through to, and a verb that is taken away last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from acme_cluster import NAME, Entrance
from acme_estate import Acme

_EXTRA = """
import pulumi
import pulumi_kubernetes as k8s

k8s.core.v1.ConfigMap(
    "extra",
    metadata={"name": "extra", "namespace": "blog"},
    data={"a": "1"},
    opts=pulumi.ResourceOptions(provider=entered),
)
"""
_VERBS = {"create", "delete", "get", "list", "patch", "watch"}


@pytest.fixture(scope="module")
def inside(whole: Acme) -> list[dict[str, Any]]:
    """The attempts in the cluster; none, there or on AWS, is decided otherwise than it must be."""
    listed = list(whole.json("isolation")["attempts"])
    assert [item for item in listed if not item["right"]] == []
    return [item for item in listed if item["cluster"]]


def _whats(attempts: list[dict[str, Any]], identity: str, *, allowed: bool) -> set[str]:
    ending = f", in cluster {NAME}"
    return {
        item["what"].removesuffix(ending)
        for item in attempts
        if item["identity"] == identity and item["allowed"] is allowed
    }


def test_all_identities_and_all_teams_try(inside: list[dict[str, Any]]) -> None:
    stacks = ("identity", "network", "cluster", "platform", "storage", "database", "shop", "blog")
    wanted = {f"{stack}/{phase}" for stack in stacks for phase in ("plan", "apply")}
    people = {"team:platform", "team:data", "team:shop", "team:blog"}
    assert {item["identity"] for item in inside} == wanted | people


def test_an_application_is_kept_out_of_others_namespaces_and_of_what_limits_it(
    inside: list[dict[str, Any]],
) -> None:
    denied = _whats(inside, "blog/apply", allowed=False)
    assert {
        "create configmaps in shop",
        "list secrets in shop",
        "delete pods in shop",
        "delete deployments shop in shop, of shop",
        "list secrets in blog",
        "create serviceaccounts/token in blog",
        "delete resourcequotas team in blog, of platform",
        "delete limitranges team in blog, of platform",
        "create rolebindings in blog",
        "patch roles prodfirst:blog:apply in blog",
        "delete rolebindings prodfirst:blog:apply in blog",
        "patch namespaces blog",
        "create clusterroles",
        "delete validatingadmissionpolicies prodfirst-nothing-in-default, of platform",
        "list nodes",
        "list secrets in all namespaces",
        "impersonate another user",
    } <= denied
    assert "patch deployments blog in blog, of blog" in _whats(inside, "blog/apply", allowed=True)


def test_people_look_after_their_namespace_and_who_has_no_entry_does_not_come_in(
    inside: list[dict[str, Any]],
) -> None:
    assert _whats(inside, "team:shop", allowed=True) >= {
        "delete pods in shop",
        "get deployments shop in shop, of shop",
    }
    assert "delete pods in blog" in _whats(inside, "team:shop", allowed=False)
    for outside in ("network/apply", "team:data", "database/plan"):
        assert _whats(inside, outside, allowed=True) == set()
    assert {item["code"] for item in inside if item["identity"] == "team:data"} == {"Unauthorized"}


def test_the_reason_is_the_servers_own(inside: list[dict[str, Any]]) -> None:
    (let,) = [item for item in inside if item["identity"] == "blog/apply"
              and item["what"].startswith("patch deployments blog in blog")]  # fmt: skip
    assert let["reason"].startswith('RBAC: allowed by RoleBinding "prodfirst:blog:apply/blog"')
    assert all(item["audit"] for item in inside)


@pytest.fixture
def widened(inside: list[dict[str, Any]], entrance: Entrance) -> Iterator[None]:
    """Somebody added a rule to the role of the shop's identity, and gave a team a role of the cluster."""
    administrator, role = entrance("platform/apply"), ("role", "prodfirst:shop:plan", "-n", "shop")
    rules = json.loads(administrator.kubectl("get", *role, "-o", "json"))["rules"]
    more = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}
    _patch(entrance, *role, rules=[*rules, more])
    administrator.kubectl("create", "clusterrolebinding", "wide", "--clusterrole=edit",
                          "--group=prodfirst:team:shop:people")  # fmt: skip
    yield
    _patch(entrance, *role, rules=rules)
    administrator.kubectl("delete", "clusterrolebinding", "wide")


def _patch(entrance: Entrance, *what: str, rules: list[Any]) -> None:
    patch = json.dumps({"rules": rules})
    entrance("platform/apply").kubectl("patch", *what, "--type=merge", "-p", patch)


def test_a_role_that_somebody_widened_is_named_and_nothing_is_changed(
    widened: None, whole: Acme, entrance: Entrance
) -> None:
    before = _kept(entrance)
    told = whole.run("isolation", "--as", "shop/plan", "--as", "team:shop", code=1)
    assert f"ALLOWED  list secrets in shop, in cluster {NAME}" in told
    assert f"ALLOWED  create configmaps in blog, in cluster {NAME}" in told
    assert f"ALLOWED  delete deployments blog in blog, of blog, in cluster {NAME}" in told
    assert "ALLOWED  create rolebindings in blog" not in told
    assert _kept(entrance) == before


def _kept(entrance: Entrance) -> list[tuple[str, str, str, str]]:
    """Every object that an attempt names, with its version, or what of it no controller writes."""
    kinds = "configmaps,secrets,pods,deployments,resourcequotas,roles,rolebindings,namespaces,clusterroles"
    listed = entrance("platform/apply").kubectl("get", kinds, "-A", "-o", "json")
    items = json.loads(listed)["items"]
    return sorted(
        (item["kind"], item["metadata"]["name"], item["metadata"]["uid"], _state(item)) for item in items
    )


def _state(item: dict[str, Any]) -> str:
    match item["kind"]:
        case "ConfigMap" | "Secret" | "Role" | "RoleBinding":
            return str(item["metadata"]["resourceVersion"])
        case "ResourceQuota" | "Deployment":
            return json.dumps(item["spec"], sort_keys=True)
        case "Namespace":
            return json.dumps(item["metadata"].get("labels"), sort_keys=True)
        case "ClusterRole":
            return json.dumps(item.get("rules"), sort_keys=True)
    return ""


@pytest.fixture(scope="module")
def extended(whole: Acme) -> Iterator[Acme]:
    """The blog makes one object more, of a kind of its own, and its identities may."""
    program = whole.folder / "stacks" / "blog" / "__main__.py"
    before = program.read_text()
    whole.edit("blog", "blog = Application(", "entered = connect(cluster)\nblog = Application(")
    whole.edit("blog", "provider=connect(cluster)", "provider=entered")
    program.write_text(program.read_text() + _EXTRA)
    _settle(whole)
    yield whole
    program.write_text(before)
    _settle(whole)


def _settle(whole: Acme) -> dict[str, Any]:
    """Lock, plan all, apply; the plans of the deployments."""
    whole.run("permissions", "sync")
    whole.run("plan", "--out", "plan.json")
    planned = json.loads((whole.folder / "plan.json").read_text())["deployments"]
    whole.run("apply", "plan.json", seconds=600)
    return {item["stack"]: item for item in planned}


def _held(entrance: Entrance) -> set[str]:
    """The verbs of the blog's apply identity on config maps."""
    role = entrance("platform/apply").kubectl(
        "get", "role", "prodfirst:blog:apply", "-n", "blog", "-o", "json"
    )
    rules = [rule for rule in json.loads(role)["rules"] if rule["resources"] == ["configmaps"]]
    return {verb for rule in rules for verb in rule["verbs"]}


def test_a_stack_that_drops_an_object_deletes_it_and_loses_the_verbs_when_it_is_done(
    extended: Acme, entrance: Entrance
) -> None:
    administrator = entrance("platform/apply")
    administrator.kubectl("get", "configmap", "extra", "-n", "blog")
    assert _held(entrance) == _VERBS

    program = extended.folder / "stacks" / "blog" / "__main__.py"
    program.write_text(program.read_text().removesuffix(_EXTRA))
    extended.run("permissions", "sync")
    alone = extended.run("plan", "platform")
    assert "stack `blog` loses permissions, and is not in this plan" in " ".join(alone.split())
    planned = _settle(extended)

    (gone,) = [step for step in planned["blog"]["steps"] if step["operation"] == "delete"]
    assert gone["urn"].endswith("ConfigMap::extra")
    assert {step["operation"] for step in planned["platform"]["steps"]} == {"same"}
    (last, *_) = planned["platform"]["closing"]
    assert last["urn"].endswith("Role::prodfirst:blog:apply:blog")
    assert "notfound" in administrator.refused("get", "configmap", "extra", "-n", "blog").replace(" ", "")
    assert _held(entrance) == set()
    assert "no drift" in extended.run("drift", "platform")
