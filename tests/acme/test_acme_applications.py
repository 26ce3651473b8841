"""The applications of the example: deployed by their own identities, which may do what their locks say."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from acme_cluster import Entrance, person_of
from acme_estate import Acme, answered
from cluster_fixtures import BIN, Shell

from prodfirst.localcloud.lifecycle import LocalCloud

_TRY = "--dry-run=server"


def _shown(shell: Shell, *what: str) -> Any:
    return json.loads(shell.kubectl("get", *what, "-o", "json"))


@pytest.mark.parametrize("application", ["shop", "blog"])
def test_an_application_runs_with_the_defaults_of_production(entrance: Entrance, application: str) -> None:
    plan, here = entrance(f"{application}/plan"), ("-n", application)
    spec = _shown(plan, "deployment", application, *here)["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert spec["automountServiceAccountToken"] is False
    assert {"readinessProbe", "livenessProbe"} <= set(container)
    assert "@sha256:" in container["image"]
    assert len(spec["topologySpreadConstraints"]) == 2
    assert _shown(plan, "hpa", application, *here)["spec"]["minReplicas"] == 2
    assert _shown(plan, "pdb", application, *here)["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize(
    "attempt",
    [
        ("get", "deployment", "blog", "-n", "blog"),
        ("create", "deployment", "more", "--image=a", "-n", "blog", _TRY),
        ("delete", "deployment", "blog", "-n", "blog", _TRY),
        ("get", "pods", "-n", "blog"),
        ("get", "resourcequota", "team", "-n", "shop"),
        ("delete", "resourcequota", "team", "-n", "shop", _TRY),
        ("delete", "networkpolicy", "default-deny", "-n", "shop", _TRY),
        ("delete", "rolebinding", "prodfirst:shop:apply", "-n", "shop", _TRY),
        ("create", "rolebinding", "up", "--clusterrole=admin", "--group=x", "-n", "shop", _TRY),
        ("create", "role", "up", "--verb=get", "--resource=secrets", "-n", "shop", _TRY),
        ("get", "secrets", "-n", "shop"),
        ("create", "token", "shop", "-n", "shop"),
        ("get", "namespaces"),
        ("label", "namespace", "shop", "pod-security.kubernetes.io/enforce=privileged", "--overwrite", _TRY),
    ],
    ids=" ".join,
)
def test_what_is_not_in_the_shops_lock_is_forbidden_to_its_apply_identity(
    entrance: Entrance, attempt: tuple[str, ...]
) -> None:
    assert "forbidden" in entrance("shop/apply").refused(*attempt)


def test_the_shops_apply_identity_deploys_into_its_own_namespace(entrance: Entrance) -> None:
    shop = entrance("shop/apply")
    change = json.dumps({"spec": {"revisionHistoryLimit": 5}})
    shop.kubectl("patch", "deployment", "shop", "-n", "shop", "-p", change, _TRY)
    assert "forbidden" in entrance("shop/plan").refused(
        "patch", "deployment", "shop", "-n", "shop", "-p", change, _TRY
    )


def test_people_of_a_team_look_after_their_namespace_and_nobody_elses(
    whole: Acme, entrance: Entrance
) -> None:
    people = entrance("shop/plan").under(
        person_of(whole, "acme-shop").assuming(
            "arn:aws:iam::111122223333:role/prodfirst/acme/local/acme-local.team-shop"
        )
    )
    people.kubectl("get", "pods,deployments,resourcequotas,rolebindings", "-n", "shop")
    people.kubectl("scale", "deployment", "shop", "--replicas=3", "-n", "shop", _TRY)
    for attempt in (
        ("get", "pods", "-n", "blog"),
        ("get", "secrets", "-n", "shop"),
        ("create", "rolebinding", "up", "--clusterrole=admin", "--group=x", "-n", "shop", _TRY),
        ("delete", "resourcequota", "team", "-n", "shop", _TRY),
        ("create", "deployment", "more", "--image=a", "-n", "shop", _TRY),
    ):
        assert "forbidden" in people.refused(*attempt), attempt


def _in_pod(
    whole: Acme, entrance: Entrance, application: str, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """`aws` in the place of a pod, in the namespace of its application's name: its token alone."""
    kubelet, here = entrance("platform/apply"), ("-n", application)
    (name, *_) = kubelet.kubectl("get", "pods", *here, "-o", "jsonpath={.items[*].metadata.name}").split()
    bound = ("--bound-object-kind", "Pod", "--bound-object-name", name)
    audience = ("--audience", "pods.eks.amazonaws.com")
    token = folder / "token"
    token.write_text(kubelet.kubectl("create", "token", application, *here, *audience, *bound).strip())
    cloud = LocalCloud(whole.home / "local")
    running = cloud.status()
    assert running is not None
    settings = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": running.agent_url,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
        "AWS_DEFAULT_REGION": "eu-central-1",
        "HOME": str(folder),
    }
    return _aws({**cloud.reach(), **settings}, *arguments)


def _aws(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "aws"), *arguments, "--output", "json"],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_shops_pods_alone_read_its_database_secret_and_it_opens_the_real_database(
    whole: Acme, entrance: Entrance, tmp_path: Path
) -> None:
    found = whole.json("outputs", "database")["outputs"]
    asking = ("secretsmanager", "get-secret-value", "--secret-id", found["credentials"])
    done = _in_pod(whole, entrance, "shop", tmp_path, *asking)
    assert done.returncode == 0, done.stderr
    secret = json.loads(json.loads(done.stdout)["SecretString"])
    assert answered(found, secret, "select 6 * 7") == [[42]]
    spec = _shown(entrance("shop/plan"), "deployment", "shop", "-n", "shop")["spec"]["template"]["spec"]
    variables = {item["name"]: item["value"] for item in spec["containers"][0]["env"]}
    assert variables["DATABASE_SECRET"] == found["credentials"]

    assert "AccessDenied" in _in_pod(whole, entrance, "blog", tmp_path, *asking).stderr
    for identity in ("shop/apply", "shop/plan", "blog/apply", "platform/apply"):
        assert "AccessDenied" in _aws(whole.identity(identity), *asking).stderr, identity


def test_aws_denies_the_shop_the_database_and_the_cluster(whole: Acme) -> None:
    shop = whole.identity("shop/apply")
    for attempt in (
        ("rds", "delete-db-cluster", "--db-cluster-identifier", "acme-local-database-main"),
        ("eks", "delete-cluster", "--name", "acme-local-cluster-main"),
        (
            "eks", "create-access-entry", "--cluster-name", "acme-local-cluster-main", "--principal-arn",
            "arn:aws:iam::111122223333:role/prodfirst/acme/local/acme-local-shop-apply",
        ),
    ):  # fmt: skip
        assert "AccessDenied" in _aws(shop, *attempt).stderr, attempt
