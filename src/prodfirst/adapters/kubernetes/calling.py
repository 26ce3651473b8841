"""One call of a cluster's API as data: made under an identity, or written as a command of `kubectl`.

It is to an EKS cluster what adapters/aws/calling.py is to AWS. The answer has the id of the call in the
cluster's audit, where the API server says what it decided and why (localcloud/kubernetes/audit.py).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.providers.kubernetes import eks_token
from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.kubeconfig import Access

DRY_RUN: Mapping[str, str] = MappingProxyType({"dryRun": "All"})
"""Authenticated, authorized and admitted as any other call, and nothing is stored (API concepts, dry-run)."""
REFUSALS = frozenset({401, 403})
"""HTTP status of a call that its caller may not make, or that admission (Pod Security, a quota) refuses."""
_RAW = {"GET": "get", "POST": "create", "PUT": "replace", "DELETE": "delete"}
"""HTTP method → the command of `kubectl` that makes exactly this call by `--raw`."""
_MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class ClusterCall:
    """An HTTP request of the API, such as `DELETE`, `/api/v1/namespaces/shop/pods/a`, `DRY_RUN`."""

    method: str
    """`GET`, `POST`, `PUT`, `DELETE`, or `PATCH`: a JSON merge patch."""
    path: str
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: Mapping[str, Any] | None = None
    impersonated: str = ""
    """User in whose name it is made; empty for the caller's own."""

    def command(self, context: str = "") -> tuple[str, ...]:
        """The same call by `kubectl`, which reads `input` where there is one.

        `context`: of the kubeconfig; `aws eks update-kubeconfig` names it by the cluster's ARN. A patch has
        no such form: `kubectl patch` asks for the object first.
        """
        named = {"--context": context, "--as": self.impersonated}
        words = ("kubectl", *(word for pair in named.items() if pair[1] for word in pair))
        if self.method == "PATCH":
            return (*words, *self._patch())
        uri = f"{self.path}?{urlencode(self.query)}" if self.query else self.path
        return (*words, _RAW[self.method], "--raw", uri, *(("-f", "-") if self.body is not None else ()))

    @property
    def input(self) -> str:
        """What the command reads from its standard input; empty for nothing."""
        return "" if self.body is None or self.method == "PATCH" else json.dumps(self.body)

    def _patch(self) -> tuple[str, ...]:
        _, _, below = self.path.partition("/namespaces/")
        namespace = ("-n", below.split("/")[0]) if below.count("/") > 1 else ()
        dry = ("--dry-run=server",) if self.query.get("dryRun") else ()
        thing = self.path.rsplit("/", 2)[1:]
        return ("patch", *thing, *namespace, "--type", "merge", "-p", json.dumps(self.body), *dry)


@dataclass(frozen=True, slots=True)
class ClusterAnswer:
    """How a call ended."""

    status: int
    """HTTP status of a refusal or an error; 0 where there was none."""
    code: str
    """The API's word for it, such as `Forbidden`; empty where there was none."""
    reason: str
    request: str
    """`Audit-Id`: the id of the call in the cluster's audit."""

    @property
    def refused(self) -> bool:
        """Whether it was refused: to this caller, or for what it holds. The audit tells which."""
        return self.status in REFUSALS


@dataclass(frozen=True, slots=True)
class ClusterPlace:
    """Where a cluster is, and whom to trust."""

    name: str
    arn: str
    endpoint: str
    authority: str
    """PEM"""


def place_of(name: str, access: AwsAccess) -> ClusterPlace:
    """As the EKS API tells whoever may describe the cluster. Raises Failure."""
    try:
        shown = access.client("eks").describe_cluster(name=name)["cluster"]
    except (ClientError, BotoCoreError) as error:
        fix = "apply the stack that makes it, or look at it with `aws eks describe-cluster`"
        raise Failure(Problem(f"cluster `{name}` cannot be found", why=str(error), fix=fix)) from error
    if not shown.get("endpoint") or "data" not in shown.get("certificateAuthority", {}):
        why = f"it is {shown.get('status')}, and has no endpoint"
        raise Failure(Problem(f"cluster `{name}` cannot be entered", shown["arn"], why))
    authority = base64.b64decode(shown["certificateAuthority"]["data"]).decode()
    return ClusterPlace(shown["name"], shown["arn"], shown["endpoint"], authority)


def enter(place: ClusterPlace, access: AwsAccess) -> Client:
    """A client of the cluster under an AWS identity, for 15 minutes; whether it is let in, a call tells."""
    return Client(Access(place.endpoint, ca=place.authority, token=token(place.name, access)))


def make(call: ClusterCall, client: Client) -> ClusterAnswer:
    """Make a call; an error of the API is an answer too. Raises Failure where no answer comes."""
    content = _MERGE_PATCH if call.method == "PATCH" else "application/json"
    headers = {"Impersonate-User": call.impersonated} if call.impersonated else {}
    try:
        answer = client.request(call.method, call.path, call.query, call.body, content, headers=headers)
    except ApiError as error:
        return ClusterAnswer(error.code, error.reason or str(error.code), error.message, error.audit)
    except Unreachable as error:
        fix = "see that the cluster is well and that this machine reaches it; then try again"
        raise Failure(
            Problem(f"a cluster does not answer `{call.method} {call.path}`", why=str(error), fix=fix)
        ) from error
    return ClusterAnswer(0, "", "", answer.audit)


def token(cluster: str, access: AwsAccess) -> str:
    """What `aws eks get-token` prints under this identity."""
    endpoint = access.client("sts").meta.endpoint_url
    return eks_token.token(cluster, access.region, endpoint, access.credentials())
