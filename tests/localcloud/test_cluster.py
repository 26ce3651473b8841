"""An EKS cluster as its users meet it: the ordinary tools, on a real control plane."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
import urllib3
from cluster_fixtures import BIN, NAME, Shell, make_role, member, role_arn
from local_callers import ACCOUNT, REGION, Caller

from prodfirst.localcloud.lifecycle import LocalCloud

_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace"}


def test_the_api_shows_the_real_endpoint_authority_and_issuer(
    cluster: Mapping[str, Any], tmp_path: Path
) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(base64.b64decode(cluster["certificateAuthority"]["data"]))
    pool = urllib3.PoolManager(ca_certs=str(authority))
    version = pool.request("GET", f"{cluster['endpoint']}/version", timeout=10).json()
    assert (version["major"], version["minor"]) == ("1", "37")
    issuer = cluster["identity"]["oidc"]["issuer"]
    assert re.fullmatch(rf"https://oidc\.eks\.{REGION}\.amazonaws\.com/id/[0-9A-F]{{32}}", issuer)


@pytest.fixture
def prodfirst(cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`prodfirst local` on this installation; standard output of a command that succeeds."""
    monkeypatch.setenv("PRODFIRST_HOME", str(cloud.home.parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(BIN), prepend=":")

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "prodfirst.cli.main", "local", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_update_kubeconfig_and_kubectl_through_local_exec(
    cluster: Mapping[str, Any], prodfirst: Callable[..., str], tmp_path: Path
) -> None:
    prodfirst("exec", "--", "aws", "eks", "update-kubeconfig", "--name", NAME)
    assert "kube-system" in prodfirst("exec", "--", "kubectl", "get", "ns")
    assert not (tmp_path / ".kube" / "config").exists()


def test_the_status_of_the_local_cloud_names_its_clusters(
    cluster: Mapping[str, Any], prodfirst: Callable[..., str]
) -> None:
    assert f"cluster `{NAME}` in {REGION}: active" in prodfirst("status")
    shown = json.loads(prodfirst("status", "--json"))["clusters"]
    assert {"name": NAME, "region": REGION, "status": "ACTIVE", "reason": ""} in shown


def test_the_creator_is_known_by_name_and_administers_the_cluster(shell: Shell) -> None:
    who = json.loads(shell.kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]
    assert who["username"] == f"arn:aws:iam::{ACCOUNT}:user/prodfirst-administrator"
    assert shell.kubectl("auth", "can-i", "*", "*").strip() == "yes"


def test_a_role_without_an_access_entry_is_unauthorized_and_the_audit_says_why(
    cloud: LocalCloud, shell: Shell, administrator: Caller
) -> None:
    stranger = shell.under(administrator.assuming(make_role(administrator, "stranger")))
    assert "logged in" in stranger.refused("get", "ns")  # kubectl's words for 401
    entries = [json.loads(line) for line in cloud.audit.read_text().splitlines()]
    refusal = next(entry for entry in reversed(entries) if entry["operation"] == "AuthenticateToken")
    assert refusal["decision"] == "deny"
    assert refusal["principal"].endswith(":assumed-role/stranger/test")
    assert "no access entry" in refusal["reason"]


def test_the_groups_of_an_entry_decide_what_its_role_may(shell: Shell, administrator: Caller) -> None:
    developer = shell.under(member(administrator, "developer", kubernetesGroups=["shop-developers"]))
    shell.apply({**_NAMESPACE, "metadata": {"name": "shop"}}, {**_NAMESPACE, "metadata": {"name": "blog"}})
    shell.kubectl(
        "create", "rolebinding", "dev", "--clusterrole=edit", "--group=shop-developers", "-n", "shop"
    )

    developer.kubectl("create", "configmap", "allowed", "-n", "shop")

    who = json.loads(developer.kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]
    assert who["username"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/developer/test"
    assert "forbidden" in developer.refused("create", "configmap", "denied", "-n", "blog")
    assert "forbidden" in developer.refused("get", "nodes")


def test_access_policies_come_and_go_with_their_associations(shell: Shell, administrator: Caller) -> None:
    eks, principal = administrator.client("eks"), role_arn("reader")
    reader = shell.under(member(administrator, "reader"))
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    which = {"clusterName": NAME, "principalArn": principal, "policyArn": policy}
    assert "forbidden" in reader.refused("get", "pods", "-A")

    eks.associate_access_policy(**which, accessScope={"type": "cluster"})
    reader.kubectl("get", "pods", "-A")
    assert "forbidden" in reader.refused("get", "secrets", "-A")
    eks.disassociate_access_policy(**which)

    assert "forbidden" in reader.refused("get", "pods", "-A")


def test_a_policy_for_namespaces_covers_those_made_later_and_no_others(
    shell: Shell, administrator: Caller
) -> None:
    editor = shell.under(member(administrator, "editor"))
    administrator.client("eks").associate_access_policy(
        clusterName=NAME,
        principalArn=role_arn("editor"),
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
        accessScope={"type": "namespace", "namespaces": ["team-*"]},
    )
    shell.apply({**_NAMESPACE, "metadata": {"name": "team-a"}}, {**_NAMESPACE, "metadata": {"name": "other"}})
    eventually(lambda: editor.try_kubectl("get", "pods", "-n", "team-a").returncode == 0)

    editor.kubectl("create", "configmap", "allowed", "-n", "team-a")

    assert "forbidden" in editor.refused("create", "configmap", "denied", "-n", "other")
    assert "forbidden" in editor.refused(
        "create", "rolebinding", "up", "--clusterrole=admin", "--user=me", "-n", "team-a"
    )


def test_a_binding_of_a_policy_that_somebody_deletes_comes_back(shell: Shell, administrator: Caller) -> None:
    steady = shell.under(member(administrator, "steady"))
    administrator.client("eks").associate_access_policy(
        clusterName=NAME,
        principalArn=role_arn("steady"),
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
        accessScope={"type": "namespace", "namespaces": ["steady"]},
    )
    shell.apply({**_NAMESPACE, "metadata": {"name": "steady"}})
    eventually(lambda: steady.try_kubectl("get", "pods", "-n", "steady").returncode == 0)

    shell.kubectl("delete", "rolebindings", "--all", "-n", "steady")

    eventually(lambda: steady.try_kubectl("get", "pods", "-n", "steady").returncode == 0, seconds=60)


def test_a_deleted_entry_ends_its_access(shell: Shell, administrator: Caller) -> None:
    leaver = shell.under(member(administrator, "leaver", kubernetesGroups=["leavers"]))
    leaver.kubectl("auth", "whoami")

    administrator.client("eks").delete_access_entry(clusterName=NAME, principalArn=role_arn("leaver"))

    eventually(lambda: leaver.try_kubectl("auth", "whoami").returncode != 0)


def test_pod_security_refuses_a_privileged_pod(shell: Shell) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    shell.apply({**_NAMESPACE, "metadata": {"name": "guarded", "labels": labels}})
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": "guarded"},
        "spec": {"containers": [{"name": "a", "image": "a", "securityContext": {"privileged": True}}]},
    }
    assert 'violates podsecurity "restricted' in shell.refused("apply", "-f", "-", stdin=json.dumps(pod))


def test_a_quota_refuses_what_is_above_it(shell: Shell) -> None:
    shell.apply({**_NAMESPACE, "metadata": {"name": "small"}})
    shell.kubectl("create", "quota", "few", "--hard=configmaps=2", "-n", "small")
    eventually(
        lambda: (
            "configmaps"
            in shell.kubectl("get", "quota", "few", "-n", "small", "-o", "jsonpath={.status.used}")
        )
    )
    eventually(lambda: "kube-root-ca" in shell.kubectl("get", "configmaps", "-n", "small"))
    shell.kubectl("create", "configmap", "second", "-n", "small")
    assert "exceeded quota: few" in shell.refused("create", "configmap", "third", "-n", "small")


def test_a_deployment_makes_pods_that_wait_and_a_namespace_goes_with_all_that_is_in_it(shell: Shell) -> None:
    shell.apply({**_NAMESPACE, "metadata": {"name": "short"}})
    shell.kubectl("create", "deployment", "web", "--image=web", "-n", "short")
    eventually(lambda: "Pending" in shell.kubectl("get", "pods", "-n", "short"))

    shell.kubectl("delete", "deployment", "web", "-n", "short", "--cascade=foreground", "--timeout=30s")
    shell.kubectl("delete", "namespace", "short", "--timeout=30s")

    assert "notfound" in shell.refused("get", "namespace", "short")


def test_a_service_account_token_verifies_by_the_published_keys(
    cloud: LocalCloud, cluster: Mapping[str, Any], shell: Shell
) -> None:
    token = shell.kubectl("create", "token", "default", "--audience", "sts.amazonaws.com").strip()
    issuer = cluster["identity"]["oidc"]["issuer"]
    environment = cloud.environment()
    front = urllib3.ProxyManager(environment["HTTPS_PROXY"], ca_certs=environment["AWS_CA_BUNDLE"])

    document = front.request("GET", f"{issuer}/.well-known/openid-configuration", timeout=10).json()
    keys = jwt.PyJWKSet.from_dict(front.request("GET", document["jwks_uri"], timeout=10).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token, key, algorithms=["RS256"], audience="sts.amazonaws.com", issuer=document["issuer"]
    )
    assert claims["sub"] == "system:serviceaccount:default:default"
    assert front.request("GET", f"{issuer[:-1]}/keys", timeout=10).status == 404


def test_the_cluster_keeps_an_audit_without_secrets(cloud: LocalCloud, shell: Shell) -> None:
    shell.kubectl("create", "secret", "generic", "audited", "--from-literal=password=a-secret-value")
    log = next((cloud.home / "kubernetes").glob("*/audit.jsonl")).read_text()
    assert '"name":"audited"' in log
    assert "a-secret-value" not in log


def eventually(check: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.3)
