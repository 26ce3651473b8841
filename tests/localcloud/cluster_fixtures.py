"""One EKS cluster with its real control plane, for all tests that do not change the control plane itself."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from local_callers import ACCOUNT, REGION, Caller, trusting

from prodfirst.localcloud.lifecycle import LocalCloud

BIN = Path(sys.executable).parent
NAME = "main"


def begin_cluster(administrator: Caller, name: str = NAME, **settings: Any) -> Mapping[str, Any]:
    """Ask for a cluster; it is being created then."""
    eks = administrator.client("eks")
    made: Mapping[str, Any] = eks.create_cluster(
        name=name,
        roleArn=make_role(administrator, f"{name}-cluster"),
        resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]},
        **{"accessConfig": {"authenticationMode": "API"}, **settings},
    )["cluster"]
    return made


def create_cluster(administrator: Caller, name: str = NAME, **settings: Any) -> Mapping[str, Any]:
    """Create a cluster as a user would, and wait as the AWS CLI does."""
    begin_cluster(administrator, name, **settings)
    eks = administrator.client("eks")
    eks.get_waiter("cluster_active").wait(name=name, WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    shown: Mapping[str, Any] = eks.describe_cluster(name=name)["cluster"]
    return shown


def make_role(administrator: Caller, name: str, trust: Mapping[str, Any] | None = None) -> str:
    """The ARN of a role, made where it is missing."""
    iam = administrator.client("iam")
    try:
        document = json.dumps(trust or trusting())
        return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])
    except iam.exceptions.EntityAlreadyExistsException:
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])


def eks_token(
    caller: Caller,
    cluster: str | None = NAME,
    url: str = f"https://sts.{REGION}.amazonaws.com/",
    expires: int = 60,
    change: Callable[[str], str] = lambda url: url,
    **query: str,
) -> str:
    """What `aws eks get-token` makes, or with something changed. It takes no second, as the command does."""
    headers = {"x-k8s-aws-id": cluster} if cluster else {}
    who = {"Action": "GetCallerIdentity", "Version": "2011-06-15", **query}
    request = AWSRequest("GET", f"{url}?{urlencode(who)}", headers=headers)
    credentials = Credentials(caller.key, caller.secret, caller.token)
    SigV4QueryAuth(credentials, "sts", REGION, expires).add_auth(request)
    signed = change(str(request.prepare().url))
    return "k8s-aws-v1." + base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")


def write_kubeconfig(path: Path, cluster: Mapping[str, Any]) -> Path:
    """Where the cluster is, and no user."""
    where = {
        "server": cluster["endpoint"],
        "certificate-authority-data": cluster["certificateAuthority"]["data"],
    }
    context = {"name": "it", "context": {"cluster": "it", "user": ""}}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": where}],
        "contexts": [context],
        "current-context": "it",
    }
    path.write_text(json.dumps(document))
    return path


@dataclass(frozen=True)
class Shell:
    """The ordinary tools, with somebody's credentials, behind the front."""

    caller: Caller
    kubeconfig: Path
    cluster: str = NAME

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One command of the virtual environment."""
        credentials = {
            "AWS_ACCESS_KEY_ID": self.caller.key,
            "AWS_SECRET_ACCESS_KEY": self.caller.secret,
            "AWS_SESSION_TOKEN": self.caller.token or "",
            "KUBECONFIG": str(self.kubeconfig),
            "PATH": f"{BIN}:{os.environ['PATH']}",
        }
        return subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            env={**self.caller.environment, **credentials, "HOME": str(self.kubeconfig.parent)},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def try_kubectl(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """`kubectl` with a fresh token of the caller."""
        return self.run("kubectl", "--token", eks_token(self.caller, self.cluster), *arguments, stdin=stdin)

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Standard output of a `kubectl` that succeeds."""
        done = self.try_kubectl(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *arguments: str, stdin: str = "") -> str:
        """Standard error of a `kubectl` that fails, in lower case."""
        done = self.try_kubectl(*arguments, stdin=stdin)
        assert done.returncode != 0, done.stdout
        return done.stderr.lower()

    def apply(self, *manifests: Mapping[str, Any]) -> str:
        """`kubectl apply` of objects."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        return self.kubectl("apply", "-f", "-", stdin=json.dumps(listed))

    def under(self, caller: Caller) -> Shell:
        """The same tools with other credentials."""
        return Shell(caller, self.kubeconfig, self.cluster)


@pytest.fixture(scope="session")
def cluster(cloud: LocalCloud, administrator: Caller) -> Mapping[str, Any]:
    """An active cluster, as the EKS API describes it."""
    return create_cluster(administrator)


@pytest.fixture(scope="session")
def shell(
    cluster: Mapping[str, Any], administrator: Caller, tmp_path_factory: pytest.TempPathFactory
) -> Shell:
    """The creator's tools."""
    return Shell(administrator, write_kubeconfig(tmp_path_factory.mktemp("kube") / "config", cluster))


def member(administrator: Caller, role: str, **entry: Any) -> Caller:
    """Somebody under a role that has an access entry."""
    arn = make_role(administrator, role)
    administrator.client("eks").create_access_entry(clusterName=NAME, principalArn=arn, **entry)
    return administrator.assuming(arn)


def role_arn(name: str) -> str:
    """The ARN of a role of the account."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"
