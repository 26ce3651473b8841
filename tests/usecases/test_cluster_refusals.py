"""A plan says what the cluster says of every object; an apply has each tried before it changes the first."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubernetes_programs import KubernetesProgram

from prodfirst.kernel.errors import Refused
from prodfirst.planning.checks import Verdict
from prodfirst.resources.graph import urn_name
from prodfirst.usecases.preflight import refuse_what_clusters_refuse, what_clusters_say

_SOURCE = """
k8s.core.v1.ConfigMap("fine", data={"a": "1"}, opts=here)
containers = [{"name": "a", "image": "b"}]
k8s.core.v1.Pod("privileged", spec={"host_network": True, "containers": containers}, opts=here)
k8s.rbac.v1.Role("admin", rules=[{"api_groups": ["*"], "resources": ["*"], "verbs": ["*"]}], opts=here)
"""


def test_all_that_the_cluster_refuses_is_said_before_the_first_change(
    shop: KubernetesProgram, tmp_path: Path
) -> None:
    label = {"op": "add", "path": "/metadata/labels/pod-security.kubernetes.io~1enforce", "value": "baseline"}
    shop.plane.edit("v1", "Namespace", "", shop.namespace, label)
    group = "rbac.authorization.k8s.io"
    resources = ["configmaps", "pods", "roles"]
    shop.plane.allow(
        "deployer", shop.namespace, {"apiGroups": ["", group], "resources": resources, "verbs": ["create"]}
    )
    shop.as_user("deployer").program(_SOURCE)
    preview = shop.engine.preview(shop.run)
    with pytest.raises(Refused) as refused:
        refuse_what_clusters_refuse(shop.engine, shop.run, preview, None, tmp_path)
    said = [str(problem) for problem in refused.value.problems]
    assert len(said) == 2
    assert any("`privileged`" in text and "host namespaces (hostNetwork=true)" in text for text in said)
    assert any("`admin`" in text and "attempting to grant RBAC permissions" in text for text in said)


def test_a_plan_says_of_each_object_what_was_read_and_what_was_not_tried(
    shop: KubernetesProgram, tmp_path: Path
) -> None:
    reads = {"apiGroups": [""], "resources": ["configmaps", "pods"], "verbs": ["get"]}
    shop.plane.allow("planner", shop.namespace, reads)
    shop.as_user("planner").program(_SOURCE)
    preview = shop.engine.preview(shop.run)
    said = what_clusters_say(shop.engine, shop.run, preview, None, tmp_path)
    verdicts = {urn_name(item.urn): item.verdict for item in said}
    assert verdicts == {"fine": Verdict.READ, "privileged": Verdict.READ, "admin": Verdict.UNCHECKED}
    assert all("apply tries it before its first change" in item.why for item in said)


def test_a_plan_without_objects_asks_no_cluster(shop: KubernetesProgram, tmp_path: Path) -> None:
    shop.as_user("nobody", server="https://127.0.0.1:1").program("")
    preview = shop.engine.preview(shop.run)
    assert what_clusters_say(shop.engine, shop.run, preview, None, tmp_path) == ()
