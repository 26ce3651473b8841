"""A process that stands for a pod: it has the pod's token, and by it the pod's credentials for AWS.

There are no nodes, so the kubelet's part is played here: the pod's token is asked for (TokenRequest API) and
shown to the EKS Pod Identity agent. Whether the pod gets a role is decided as for any pod. Whoever reads the
installation's folder can stand for any pod, as for any job of the CI system.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from prodfirst.kernel.errors import Failure, Problem
from prodfirst.localcloud.kubernetes.cluster import Cluster

AUDIENCE = "pods.eks.amazonaws.com"
"""Of the token; also the service principal that the role must trust."""
_AGENT = "EKS Pod Identity"
_SECONDS = 20.0
_TOKEN_SECONDS = 600
"""The shortest that the API issues."""


@dataclass(frozen=True, slots=True)
class Kubelet:
    """Of a cluster that runs; `folder` is the cluster's own."""

    cluster: Cluster
    folder: Path

    def token(self, namespace: str, account: str) -> str:
        """Of the first pod under a service account. Raises Failure where there is none."""
        place = f"/api/v1/namespaces/{namespace}"
        pods = self._call("GET", f"{place}/pods")["items"]
        pod = next(
            (pod["metadata"] for pod in pods if pod["spec"].get("serviceAccountName") == account), None
        )
        if pod is None:
            why = f"`{namespace}` has no pod under the service account `{account}`"
            raise Failure(Problem("there is no pod to stand for", self.cluster.name, why))
        bound = {"apiVersion": "v1", "kind": "Pod", "name": pod["name"], "uid": pod["uid"]}
        spec = {"audiences": [AUDIENCE], "boundObjectRef": bound, "expirationSeconds": _TOKEN_SECONDS}
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        answer = self._call("POST", f"{place}/serviceaccounts/{account}/token", request)
        return str(answer["status"]["token"])

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        pki = self.folder / "pki"
        with _heard_from(self.cluster.name):
            context = ssl.create_default_context(cafile=str(pki / "ca.pem"))
            context.load_cert_chain(pki / "provider.pem")
            with urllib3.PoolManager(ssl_context=context) as http:
                answer = http.request(
                    method,
                    f"{self.cluster.endpoint}{path}",
                    headers={"Content-Type": "application/json"},
                    body=None if body is None else json.dumps(dict(body)),
                    timeout=_SECONDS,
                    retries=False,
                )
        return _answer(self.cluster.name, answer)


def credentials(agent_url: str, token: str) -> Mapping[str, str]:
    """What the agent gives the pod of a token, by the names of AWS's variables. Raises Failure."""
    with _heard_from(_AGENT), urllib3.PoolManager() as http:
        asked = http.request(
            "GET", agent_url, headers={"Authorization": token}, timeout=_SECONDS, retries=False
        )
    told = _answer(_AGENT, asked)
    return {
        "AWS_ACCESS_KEY_ID": told["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": told["SecretAccessKey"],
        "AWS_SESSION_TOKEN": told["Token"],
    }


@contextmanager
def _heard_from(who: str) -> Iterator[None]:
    """Raises Failure where no answer comes."""
    try:
        yield
    except (HTTPError, OSError) as error:
        raise Failure(
            Problem(
                f"{who} does not answer a process that stands for a pod",
                why=f"{type(error).__name__}: {error}",
                fix="look at `prodfirst local status`, and try again when the cluster is well",
            )
        ) from error


def _answer(who: str, answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    if answer.status >= 300:
        why = answer.data.decode("utf-8", "replace")[:500]
        raise Failure(Problem(f"{who} refuses a process that stands for a pod: {answer.status}", why=why))
    return dict(json.loads(answer.data))
