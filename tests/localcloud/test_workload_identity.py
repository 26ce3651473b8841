"""A pod's token becomes a role: EKS Pod Identity and roles for service accounts, by the ordinary tools."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cluster_fixtures import BIN, NAME, Shell, make_role
from local_callers import ACCOUNT, REGION, Caller

from prodfirst.localcloud.lifecycle import LocalCloud

_PODS = "pods.eks.amazonaws.com"
_STS = "sts.amazonaws.com"


def _trust(*actions: str, service: str = _PODS, **condition: Any) -> Mapping[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions), **condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


TRUST = _trust("sts:AssumeRole", "sts:TagSession")


class Workloads:
    """Pods of one namespace, and what they may become."""

    def __init__(self, shell: Shell, cloud: LocalCloud, folder: Path, namespace: str) -> None:
        self.shell, self.cloud, self.folder, self.namespace = shell, cloud, folder, namespace

    def deploy(self, account: str) -> None:
        """A service account, and a pod under it with the same name."""
        there = {"name": account, "namespace": self.namespace}
        spec = {"serviceAccountName": account, "containers": [{"name": "a", "image": "a"}]}
        self.shell.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}},
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": there},
            {"apiVersion": "v1", "kind": "Pod", "metadata": there, "spec": spec},
        )

    def associate(self, account: str, role: str) -> None:
        self.shell.caller.client("eks").create_pod_identity_association(
            clusterName=NAME, namespace=self.namespace, serviceAccount=account, roleArn=role
        )

    def token(self, account: str, audience: str = _PODS, pod: bool = True) -> str:
        """What the kubelet would project into the pod."""
        bound = ("--bound-object-kind", "Pod", "--bound-object-name", account) if pod else ()
        where = ("-n", self.namespace, "--audience", audience)
        return self.shell.kubectl("create", "token", account, *where, *bound).strip()

    def aws(self, settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """The `aws` command in the place of a pod: no credentials but what the settings lead to."""
        reach = {**self.cloud.reach(), "AWS_DEFAULT_REGION": REGION, "HOME": str(self.folder)}
        return subprocess.run(
            [str(BIN / "aws"), *arguments, "--output", "json"],
            env={**reach, **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def in_pod(self, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """With what EKS injects for Pod Identity."""
        path = self.folder / "token"
        path.write_text(token)
        running = self.cloud.status()
        assert running is not None
        settings = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": running.agent_url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(path),
        }
        return self.aws(settings, *arguments)

    def refused(self, token: str) -> str:
        """Why a token gets nothing, from the audit."""
        done = self.in_pod(token, "sts", "get-caller-identity")
        assert done.returncode != 0, done.stdout
        entries = [json.loads(line) for line in self.cloud.audit.read_text().splitlines()]
        return str([entry["reason"] for entry in entries if entry["service"] == "eks-auth"][-1])


@pytest.fixture
def workloads(
    shell: Shell, cloud: LocalCloud, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Workloads]:
    """A namespace of the test's own."""
    made = Workloads(shell, cloud, tmp_path, f"w{abs(hash(request.node.name)) % 10**8}")
    yield made
    shell.kubectl("delete", "namespace", made.namespace, "--ignore-not-found", "--wait=false")


def test_a_pod_reads_its_secret_by_its_association_and_no_other_pod_does(
    workloads: Workloads, administrator: Caller
) -> None:
    workloads.deploy("app")
    workloads.deploy("other")
    secret = administrator.client("secretsmanager").create_secret(Name="shop/database", SecretString="s3cret")
    role = make_role(administrator, "shop-workload", TRUST)
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret["ARN"]}
    administrator.client("iam").put_role_policy(
        RoleName="shop-workload",
        PolicyName="secret",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    workloads.associate("app", role)

    read = workloads.in_pod(
        workloads.token("app"), "secretsmanager", "get-secret-value", "--secret-id", "shop/database"
    )
    who = workloads.in_pod(workloads.token("app"), "sts", "get-caller-identity")

    assert _shown(read)["SecretString"] == "s3cret"
    assert f"assumed-role/shop-workload/eks-{NAME}-app-" in _shown(who)["Arn"]
    denied = workloads.in_pod(workloads.token("app"), "secretsmanager", "list-secrets")
    assert "AccessDenied" in denied.stderr
    assert "no association" in workloads.refused(workloads.token("other"))


def test_tokens_that_are_not_for_pod_identity_get_nothing(
    workloads: Workloads, administrator: Caller
) -> None:
    workloads.deploy("app")
    workloads.associate("app", make_role(administrator, "pods", TRUST))
    good = workloads.token("app")
    assert workloads.in_pod(good, "sts", "get-caller-identity").returncode == 0

    head, claims, signature = good.split(".")
    assert "not bound to a pod" in workloads.refused(workloads.token("app", pod=False))
    assert "audience" in workloads.refused(workloads.token("app", audience=_STS))
    assert "cryptographic" in workloads.refused(f"{head}.{claims}.{signature[:-8]}AAAAAAAA")
    assert "no JSON Web Token" in workloads.refused("anything")
    workloads.shell.kubectl("delete", "pod", "app", "-n", workloads.namespace, "--grace-period=0", "--force")
    assert workloads.refused(good)


@pytest.mark.parametrize(
    ("trust", "why"),
    [
        (_trust("sts:AssumeRole", "sts:TagSession", service="ec2.amazonaws.com"), "may not sts:AssumeRole"),
        (_trust("sts:AssumeRole"), "may not sts:TagSession"),
        (
            _trust(
                "sts:AssumeRole",
                "sts:TagSession",
                Condition={"StringEquals": {"aws:RequestTag/kubernetes-namespace": "another"}},
            ),
            "may not sts:AssumeRole",
        ),
    ],
)
def test_a_role_that_does_not_trust_the_pod_is_not_taken_on(
    workloads: Workloads, administrator: Caller, trust: Mapping[str, Any], why: str
) -> None:
    workloads.deploy("app")
    workloads.associate("app", make_role(administrator, f"trust-{workloads.namespace}", trust))
    assert why in workloads.refused(workloads.token("app"))


def test_the_agents_door_needs_the_nodes_permission(workloads: Workloads, administrator: Caller) -> None:
    workloads.deploy("app")
    role = make_role(administrator, "node-door", TRUST)
    workloads.associate("app", role)
    token = workloads.token("app")

    made = administrator.client("eks-auth").assume_role_for_pod_identity(clusterName=NAME, token=token)

    assert made["subject"] == {"namespace": workloads.namespace, "serviceAccount": "app"}
    assert ":assumed-role/node-door/" in made["assumedRoleUser"]["arn"]
    nobody = administrator.assuming(make_role(administrator, "no-node"))
    with pytest.raises(ClientError, match="AccessDenied"):
        nobody.client("eks-auth").assume_role_for_pod_identity(clusterName=NAME, token=token)
    with pytest.raises(ClientError, match="InvalidToken"):
        administrator.client("eks-auth").assume_role_for_pod_identity(clusterName="other", token=token)


def test_a_role_for_a_service_account_is_taken_on_by_its_token_alone(
    workloads: Workloads, administrator: Caller, cluster: Mapping[str, Any]
) -> None:
    workloads.deploy("app")
    workloads.deploy("other")
    issuer = cluster["identity"]["oidc"]["issuer"]
    host = issuer.removeprefix("https://")
    subject = f"system:serviceaccount:{workloads.namespace}:app"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{host}:sub": subject, f"{host}:aud": _STS}},
            }
        ],
    }
    role = make_role(administrator, "irsa", trust)

    def assume(token: str) -> subprocess.CompletedProcess[str]:
        path = workloads.folder / "web-token"
        path.write_text(token)
        settings = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(path), "AWS_ROLE_ARN": role}
        return workloads.aws(settings, "sts", "get-caller-identity")

    token = workloads.token("app", audience=_STS)
    assert "No OpenIDConnect provider found" in assume(token).stderr
    administrator.client("iam").create_open_id_connect_provider(Url=issuer, ClientIDList=[_STS])

    assert ":assumed-role/irsa/" in _shown(assume(token))["Arn"]
    assert "AccessDenied" in assume(workloads.token("other", audience=_STS)).stderr
    assert "audience" in assume(workloads.token("app", audience=_PODS)).stderr


def _shown(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
