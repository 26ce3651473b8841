"""The example's cluster as the identities of its stacks meet it: ordinary tools, own credentials."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from acme_estate import Acme
from cluster_fixtures import Shell, write_kubeconfig
from local_callers import Caller

NAME = "acme-local-cluster-main"
Entrance = Callable[[str], Shell]


@pytest.fixture(scope="session")
def entrance(whole: Acme, tmp_path_factory: pytest.TempPathFactory) -> Entrance:
    """`kubectl` under a stack's identity, such as `platform/plan`."""
    shown = whole.aws("eks", "describe-cluster", "--name", NAME)["cluster"]
    kubeconfig = write_kubeconfig(tmp_path_factory.mktemp("entrance") / "config", shown)
    made: dict[str, Shell] = {}

    def enter(identity: str) -> Shell:
        if identity not in made:
            made[identity] = Shell(_caller(whole.identity(identity)), kubeconfig, NAME)
        return made[identity]

    return enter


def _caller(environment: Mapping[str, str]) -> Caller:
    return Caller(
        environment,
        environment["AWS_ACCESS_KEY_ID"],
        environment["AWS_SECRET_ACCESS_KEY"],
        environment["AWS_SESSION_TOKEN"],
    )


REGISTRY = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
IMAGE = f"{REGISTRY}/shop@sha256:{'a' * 64}"
RESTRICTED: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def pod(namespace: str, image: str = IMAGE, security: Mapping[str, Any] = RESTRICTED, **spec: Any) -> str:
    """A manifest that the platform takes, or with something changed."""
    container = {"name": "app", "image": image, "securityContext": security}
    whole_spec = {"automountServiceAccountToken": False, "containers": [container], **spec}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "tried", "namespace": namespace},
            "spec": whole_spec,
        }
    )


def deployment(namespace: str, manifest: str) -> str:
    """A Deployment of a pod."""
    labels = {"app": "tried"}
    return json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "tried", "namespace": namespace},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": json.loads(manifest)["spec"]},
            },
        }
    )


def person_of(estate: Acme, group: str) -> Caller:
    """A person of a group of the identity provider; its session tag is a user's tag here."""
    name = f"person-{group}"
    estate.aws("iam", "create-user", "--user-name", name, "--tags", f"Key=prodfirst:group,Value={group}")
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    named = ("--user-name", name, "--policy-name", "assume", "--policy-document", document)
    estate.aws("iam", "put-user-policy", *named)
    key = estate.aws("iam", "create-access-key", "--user-name", name)["AccessKey"]
    environment = dict(
        line.split("=", 1) for line in estate.run("local", "exec", "--", "env").splitlines() if "=" in line
    )
    return Caller(environment, key["AccessKeyId"], key["SecretAccessKey"])
