"""Service account tokens of pods, reviewed by the cluster that issued them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from prodfirst.localcloud.kubernetes.api_client import ApiClient, ApiFailure

_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
_PREFIX = "system:serviceaccount:"
_EXTRA = "authentication.kubernetes.io/"


class InvalidToken(Exception):
    """The cluster does not stand by the token, or not for this use."""


class Unreachable(Exception):
    """The cluster's API server does not answer."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Who a token speaks for: a pod under its service account."""

    namespace: str
    service_account: str
    pod: str
    pod_uid: str


async def review(api: ApiClient, token: str, audience: str) -> Workload:
    """The workload of a token that is meant for `audience` and bound to a pod that is there.

    The API server itself verifies signature, issuer, time and audience, and that service account and pod
    still exist. Raises InvalidToken or Unreachable.
    """
    manifest = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": [audience]},
    }
    try:
        status = (await api.create(_REVIEWS, manifest))["status"]
    except (ApiFailure, aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(str(error) or type(error).__name__) from error
    if not status.get("authenticated"):
        raise InvalidToken(status.get("error") or "the token is not one of the cluster's")
    return _workload(status["user"])


def _workload(user: Mapping[str, Any]) -> Workload:
    name = str(user["username"])
    if not name.startswith(_PREFIX):
        raise InvalidToken("the token is not a service account's")
    namespace, _, account = name.removeprefix(_PREFIX).partition(":")
    extra = user.get("extra") or {}
    pods, uids = (extra.get(f"{_EXTRA}{key}") or [""] for key in ("pod-name", "pod-uid"))
    if not pods[0]:
        raise InvalidToken("the token is not bound to a pod")
    return Workload(namespace, account, pods[0], uids[0])
