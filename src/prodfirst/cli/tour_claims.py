"""What the demo claims of the example: who may do what, in AWS, in the cluster and in the database.

Each call is harmless, whoever makes it: what it would change is so already, or it is a dry run, which a
cluster authorizes and admits like any other call, and does not keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.adapters.aws.asking import DatabaseQuestion
from prodfirst.adapters.aws.calling import ServiceCall
from prodfirst.adapters.kubernetes.calling import DRY_RUN, ClusterCall
from prodfirst.contracts.publication import parameter_name
from prodfirst.estate.definition import StackName
from prodfirst.kernel.group_names import RBAC
from prodfirst.usecases.cluster_proofs import InCluster
from prodfirst.usecases.proofs import Claim
from prodfirst.usecases.site import Site
from prodfirst.usecases.status import outputs

_NO_TAG = ["prodfirst-proof"]
"""Key of a tag that nothing carries: to remove it is a change, and changes nothing."""
_ROLES = f"/apis/{RBAC}/v1"
_RESTRICTED: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
_PRIVILEGED: Mapping[str, Any] = {**_RESTRICTED, "allowPrivilegeEscalation": True, "privileged": True}


def claims(site: Site) -> tuple[Claim, ...]:
    """What the example shows."""
    return (*_in_aws(site), *_in_cluster(site), *_in_database(site))


def _in_aws(site: Site) -> Iterator[Claim]:
    cluster = f"{_prefix(site, 'database')}-main"
    arn = f"arn:aws:rds:{site.environment.region}:{site.environment.account}:cluster:{cluster}"
    read = ServiceCall("rds", "DescribeDBClusters", {"DBClusterIdentifier": cluster})
    change = ServiceCall("rds", "RemoveTagsFromResource", {"ResourceName": arn, "TagKeys": _NO_TAG})
    bucket = _versioning(site)
    yield Claim("the team that owns the database sees it; another does not", read, "team:data", "team:shop")
    yield Claim("the team that owns the database changes it", change, "team:data", "team:shop")
    yield Claim("the team that owns the bucket changes it", bucket, "team:platform", "team:data")
    yield Claim("a stack's apply identity changes what the stack holds; the shop's does not", change,
                "database/apply", "shop/apply")  # fmt: skip
    yield Claim("a plan identity changes nothing, its own stack's neither", change, "database/apply",
                "database/plan")  # fmt: skip
    yield Claim("so it is with a bucket", bucket, "storage/apply", "storage/plan")
    yield Claim("a field is read by who declares it in prodfirst.yaml", _field(site), "shop/plan",
                "storage/plan")  # fmt: skip


def _in_cluster(site: Site) -> Iterator[Claim]:
    inside = _Calls(f"{_prefix(site, 'cluster')}-main")
    shop = "/api/v1/namespaces/shop"
    quota = inside.removal(f"{shop}/resourcequotas/team")
    binding = inside.removal(f"{_ROLES}/namespaces/shop/rolebindings/prodfirst:shop:apply")
    within, privileged = (inside.create(f"{shop}/pods", _pod(site, it)) for it in (_RESTRICTED, _PRIVILEGED))
    yield Claim("the shop's apply identity deploys into its namespace; the blog's does not",
                inside.deployment("shop"), "shop/apply", "blog/apply")  # fmt: skip
    yield Claim("in the blog's namespace it is the other way round", inside.deployment("blog"),
                "blog/apply", "shop/apply")  # fmt: skip
    yield Claim("a namespace's quota is the platform's, not the application's", quota, "platform/apply",
                "shop/apply")  # fmt: skip
    yield Claim("so is who is bound to which role", binding, "platform/apply", "shop/apply")
    yield Claim("a privileged pod is refused, even to the cluster's administrator", within,
                "platform/apply", "platform/apply", privileged)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Calls:
    """Dry runs of one cluster."""

    cluster: str

    def deployment(self, application: str) -> InCluster:
        """A change of an application's deployment, in the namespace of its name."""
        path = f"/apis/apps/v1/namespaces/{application}/deployments/{application}"
        return self._dry("PATCH", path, {"spec": {"revisionHistoryLimit": 5}})

    def removal(self, path: str) -> InCluster:
        """Of one object."""
        return self._dry("DELETE", path)

    def create(self, path: str, manifest: Mapping[str, Any]) -> InCluster:
        """In a collection."""
        return self._dry("POST", path, manifest)

    def _dry(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> InCluster:
        return InCluster(self.cluster, ClusterCall(method, path, DRY_RUN, body))


def _in_database(site: Site) -> Iterator[Claim]:
    found = outputs(site, site.estate.stacks[StackName("database")])
    asked = DatabaseQuestion(
        secret=str(found["credentials"]),
        host=str(found["endpoint"]),
        port=int(str(found["port"])),
        database=str(found["database"]),
    )
    yield Claim("the shop's pods read their credential by reference, and the database answers; not so its CI",
                asked, "shop/workload", "shop/apply")  # fmt: skip
    yield Claim("nor another application's pods", asked, "shop/workload", "blog/workload")


def _prefix(site: Site, stack: str) -> str:
    return site.prefix(site.estate.stacks[StackName(stack)])


def _versioning(site: Site) -> ServiceCall:
    """It is on already."""
    given = {
        "Bucket": f"{_prefix(site, 'storage')}-documents",
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    return ServiceCall("s3", "PutBucketVersioning", given)


def _field(site: Site) -> ServiceCall:
    name = parameter_name(site.estate.name, site.environment.name, "database", "endpoint")
    return ServiceCall("ssm", "GetParameter", {"Name": name})


def _pod(site: Site, security: Mapping[str, Any]) -> Mapping[str, Any]:
    place = f"{site.environment.account}.dkr.ecr.{site.environment.region}.amazonaws.com"
    image = f"{place}/shop@sha256:{'0' * 64}"
    container = {"name": "proof", "image": image, "securityContext": security}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "proof"},
        "spec": {"serviceAccountName": "shop", "containers": [container]},
    }
