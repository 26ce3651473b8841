"""An apply asks the cluster about every object before it changes the first."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubernetes_programs import KubernetesProgram

from prodfirst.kernel.errors import Refused
from prodfirst.usecases.preflight import refuse_what_clusters_refuse

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
