"""A process that stands for a pod has the pod's role, and `kubectl` finds the clusters without being told."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cluster_fixtures import BIN, NAME, Shell, make_role
from local_callers import ACCOUNT, REGION, Caller

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.workloads import as_pod
from prodfirst.kernel.errors import Failure
from prodfirst.localcloud.lifecycle import LocalCloud

_NAMESPACE = "standing"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ],
}


@pytest.fixture(scope="module")
def namespace(shell: Shell) -> Iterator[str]:
    """One that goes when the tests are done."""
    shell.apply(_object("Namespace", _NAMESPACE))
    yield _NAMESPACE
    shell.kubectl("delete", "namespace", _NAMESPACE, "--wait=false")


def _object(kind: str, name: str, namespace: str = "", **more: Any) -> Mapping[str, Any]:
    where = {"namespace": namespace} if namespace else {}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **where}, **more}


def _associated(shell: Shell, administrator: Caller, namespace: str, account: str) -> str:
    """The ARN of a role that the pods of a service account have."""
    role = make_role(administrator, f"{account}-pods", _TRUST)
    shell.apply(_object("ServiceAccount", account, namespace))
    shell.caller.client("eks").create_pod_identity_association(
        clusterName=NAME, namespace=namespace, serviceAccount=account, roleArn=role
    )
    return role


def _access(cloud: LocalCloud, role: str) -> AwsAccess:
    operator = AwsAccess(REGION, cloud.environment(REGION))
    return as_pod(cloud, operator, {**cloud.reach(), "AWS_REGION": REGION}, role)


def test_it_has_the_role_of_the_pod(
    shell: Shell, cloud: LocalCloud, administrator: Caller, namespace: str
) -> None:
    role = _associated(shell, administrator, namespace, "app")
    spec = {"serviceAccountName": "app", "containers": [{"name": "a", "image": "a"}]}
    shell.apply(_object("Pod", "app-1", namespace, spec=spec))
    who = _access(cloud, role).whoami()
    assert who.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/app-pods/eks-{NAME}-app-1-")


def test_without_a_pod_nobody_has_it(
    shell: Shell, cloud: LocalCloud, administrator: Caller, namespace: str
) -> None:
    role = _associated(shell, administrator, namespace, "idle")
    with pytest.raises(Failure, match="there is no pod to stand for"):
        _access(cloud, role)


def test_a_role_that_no_cluster_associates_is_named(cloud: LocalCloud, administrator: Caller) -> None:
    with pytest.raises(Failure, match="no pod has the role `lonely`"):
        _access(cloud, make_role(administrator, "lonely", _TRUST))


def test_kubectl_finds_the_cluster_by_its_arn_and_enters_as_who_runs_it(
    shell: Shell, cloud: LocalCloud
) -> None:
    context = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{NAME}"
    done = subprocess.run(
        [str(BIN / "kubectl"), "--context", context, "get", "namespaces", "-o", "json"],
        env={
            **cloud.environment(REGION),
            **cloud.for_kubectl(),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(cloud.home),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "kube-system" in {item["metadata"]["name"] for item in json.loads(done.stdout)["items"]}
    files = cloud.for_kubectl()["KUBECONFIG"].split(os.pathsep)
    assert os.stat(files[-1]).st_mode & 0o777 == 0o600
