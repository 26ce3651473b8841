"""The provider on a cluster of the local cloud, entered as on EKS: by a token of the run's AWS identity."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cluster_fixtures import BIN, Shell
from engine_fixtures import PASSPHRASE, Deployment

from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.usecases.site import LOCAL_PROVIDERS

_SOURCE = """
import pathlib
import pulumi_kubernetes as k8s

kubeconfig = pathlib.Path(__file__).with_name("kubeconfig.yaml").read_text()
here = ResourceOptions(provider=k8s.Provider("main", kubeconfig=kubeconfig))
team = k8s.core.v1.Namespace("shop", metadata={"name": "shop-by-program"}, opts=here)
inside = {"namespace": team.metadata.name}
k8s.apps.v1.Deployment("web", metadata={**inside, "name": "web"}, spec={
    "selector": {"match_labels": {"app": "web"}},
    "template": {"metadata": {"labels": {"app": "web"}},
                 "spec": {"containers": [{"name": "web", "image": "shop:1"}]}}}, opts=here)
"""


def test_a_program_enters_a_cluster_of_the_local_cloud_and_leaves_nothing(
    deployment: Deployment, cloud: LocalCloud, cluster: Mapping[str, Any], shell: Shell
) -> None:
    environment = {
        **cloud.environment(),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    run = replace(deployment.run, providers=LOCAL_PROVIDERS, engine_environment=environment)
    shop = replace(deployment, run=run)
    file = str(shop.folder / "program" / "kubeconfig.yaml")
    done = shell.run("aws", "eks", "update-kubeconfig", "--name", str(cluster["name"]), "--kubeconfig", file)
    assert done.returncode == 0, done.stderr
    shop.program(_SOURCE)
    outcome = shop.engine.update(shop.run)
    assert outcome.problems == ()
    said = "\n".join(item.message for item in outcome.diagnostics)
    assert "this cluster has no nodes: its pods stay pending, and are not waited for" in said
    found = shell.kubectl(
        "get", "deployment", "web", "-n", "shop-by-program", "-o", "jsonpath={.spec.replicas}"
    )
    assert found == "1"
    assert shop.engine.refresh(shop.run) == ()
    shop.up("")
    assert "notfound" in shell.refused("get", "namespace", "shop-by-program")
