"""A small estate with a cluster: identity, the cluster, what a team gets of it, what the team deploys."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from account_contents import held, servers
from acme_estate import Acme, removable
from cascade_estates import HEADER, Estate
from cluster_fixtures import Shell, write_kubeconfig
from granting_estates import IDENTITY, parameters
from local_callers import Caller, administrator_of

from prodfirst.localcloud.lifecycle import LocalCloud

STACKS = """\
  identity: { layer: identity, owner: platform, program: identity }
  cluster: { layer: infrastructure, owner: platform, program: cluster, stateful: true }
  platform: { layer: infrastructure, owner: platform, program: platform, reads: { cluster: CLUSTER } }
  shop: { layer: applications, owner: platform, program: shop, reads: { cluster: CLUSTER, platform: [shop] } }
  apart: { layer: infrastructure, owner: platform, program: apart }
""".replace("CLUSTER", "[name, endpoint, certificate_authority]")
CLUSTER = """
from prodfirst.blueprints.aws import Cluster

cluster = Cluster("{name}", subnet_ids=["subnet-1", "subnet-2"], furnished_by="platform", stacks=["shop"])
publish(name=cluster.name, endpoint=cluster.endpoint, certificate_authority=cluster.certificate_authority)
"""
PLATFORM = """
from pathlib import Path
import pulumi_kubernetes as k8s
from prodfirst.blueprints.kubernetes import TeamSpace, connect

cluster = connect(read("cluster"))
shop = TeamSpace("shop", cluster=cluster, stacks=["shop"], locks=Path(__file__).parents[1] / "permissions")
publish(shop=shop.namespace)
"""
ATTIC = """
k8s.core.v1.Namespace(
    "attic",
    metadata={"name": "attic", "annotations": {"pulumi.com/timeoutSeconds": "8"}},
    opts=pulumi.ResourceOptions(provider=cluster),
)
"""
"""More of `platform`: a namespace that is not waited for long."""
CHAIN = """
before = [shop]
for number in range(12):
    meta = {"name": f"c{number}", "namespace": "shop"}
    options = pulumi.ResourceOptions(provider=cluster, depends_on=before)
    before = [k8s.core.v1.ConfigMap(f"c{number}", metadata=meta, data={"a": "1"}, opts=options)]
"""
"""More of `platform`: one object after the other."""
SHOP = """
import pulumi_kubernetes as k8s
from prodfirst.blueprints.kubernetes import connect

read("platform")
here = pulumi.ResourceOptions(provider=connect(read("cluster")))
k8s.core.v1.Service(
    "web",
    metadata={"name": "web", "namespace": "shop", "labels": {"tier": "TIER"}},
    spec={"selector": {"app": "web"}, "ports": [{"port": 80}]},
    opts=here,
)
k8s.core.v1.ConfigMap(
    "settings", metadata={"name": "settings", "namespace": "shop"}, data={"a": "1"}, opts=here
)
"""
EXTRA = """
k8s.core.v1.ConfigMap("extra", metadata={"name": "extra", "namespace": "shop"}, data={"a": "1"}, opts=here)
"""
"""More of `shop`."""
_NAME = "clustered"


def shop(tier: str = "one", *more: str) -> str:
    """The program of `shop`, with the value of a label."""
    return "".join((SHOP.replace("TIER", tier), *more))


@dataclass(frozen=True)
class Clustered(Estate):
    """All of it is applied; tests change programs within what the locks hold."""

    @property
    def contents(self) -> frozenset[str]:
        """What there is in the account."""
        return held(self.administrator)

    def described(self, name: str = "main") -> Any:
        """The cluster by the EKS API."""
        full = f"{self.folder.name}-local-cluster-{name}"
        return self.administrator.client("eks").describe_cluster(name=full)["cluster"]

    @property
    def administrator(self) -> Caller:
        """Of the local cloud."""
        return administrator_of(LocalCloud(self.home / "local"))

    def shell(self, name: str = "main") -> Shell:
        """Somebody who may do everything in the cluster, by hand."""
        shown = self.described(name)
        found = self.identity("platform/apply")
        caller = Caller(
            found, found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], found["AWS_SESSION_TOKEN"]
        )
        return Shell(caller, write_kubeconfig(self.home / f"{name}.kubeconfig", shown), str(shown["name"]))

    def result(self, stack: str, code: int = 0) -> Any:
        """How an apply of one stack ended."""
        return self.apply("--stack", stack, "--yes", code=code)[stack]

    @contextmanager
    def control_plane_down(self) -> Iterator[None]:
        """The API server is killed, and does not start again before the end."""
        (key,) = (self.home / "local" / "kubernetes").glob("*/pki/service-accounts.key")
        content = key.read_bytes()
        key.write_bytes(b"damaged")
        (server,) = (pid for pid, name in servers(self.home).items() if name == "kube-apiserver")
        os.kill(server, signal.SIGKILL)
        try:
            yield
        finally:
            key.write_bytes(content)
            until(lambda: not self.described().get("health", {}).get("issues"), 60)


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is true."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def there(shell: Shell, kind: str, name: str, namespace: str = "shop") -> bool:
    """Whether an object is in the cluster."""
    return shell.try_kubectl("get", kind, name, "-n", namespace).returncode == 0


def uids(shell: Shell, *kinds: str) -> dict[str, str]:
    """What the team's namespace holds of these kinds: name → uid."""
    listed = json.loads(shell.kubectl("get", ",".join(kinds), "-n", "shop", "-o", "json"))["items"]
    return {f"{item['kind']}/{item['metadata']['name']}": item["metadata"]["uid"] for item in listed}


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clustered]:
    """The estate on a local cloud of its own, applied. Its locks hold all that tests add to the programs."""
    folder = tmp_path_factory.mktemp(_NAME)
    estate = Clustered(folder / "small", folder / "home")
    estate.folder.mkdir()
    (estate.folder / "prodfirst.yaml").write_text(HEADER.format(name="small") + STACKS)
    estate.stack("identity", "")
    (estate.folder / "identity" / "__main__.py").write_text(IDENTITY)
    estate.stack("cluster", CLUSTER.format(name="main"))
    estate.stack("platform", PLATFORM + ATTIC + CHAIN)
    estate.stack("shop", shop("one", EXTRA))
    estate.stack("apart", parameters("one"))
    for name in ("cluster", "platform"):
        removable(estate.folder / name)
    try:
        estate.run("local", "up")
        estate.lock()
        estate.run("bootstrap")
        (folder / "bootstrapped").write_text("\n".join(sorted(estate.contents)))
        estate.run("apply", "--stack", "identity", "--yes")
        estate.stack("platform", PLATFORM)
        estate.run("apply", "--yes")
        yield estate
    finally:
        Acme(estate.folder, estate.home).run("local", "down")
