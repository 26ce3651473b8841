"""The token by which an AWS identity enters an EKS cluster: what `aws eks get-token` prints.

It is a presigned GetCallerIdentity, bound to the cluster's name. Source: EKS best practices guide, "cluster
access"; aws-iam-authenticator, README, "API authorization from outside a cluster".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

PREFIX = "k8s-aws-v1."
SECONDS = 14 * 60
"""What `aws eks get-token` says of its tokens' life; EKS takes them for 15 minutes."""
_SIGNED_SECONDS = 60
_CLUSTER_HEADER = "x-k8s-aws-id"
_ELSEWHERE = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_SECURITY_TOKEN",
)
"""With one of these the command signs with other keys or for another host."""
_ISOLATED = ("us-iso", "eu-iso", "eusc-")
"""Beginnings of regions whose hosts end otherwise; GovCloud has the common ending."""
_KEY, _SECRET, _SESSION = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


def token(cluster: str, region: str, endpoint: str, credentials: Any) -> str:
    """`endpoint`: of STS, such as `https://sts.eu-central-1.amazonaws.com`; `credentials`: botocore's, with
    `access_key`, `secret_key` and `token`."""
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(
        "GET",
        f"{endpoint}/?Action=GetCallerIdentity&Version=2011-06-15",
        {_CLUSTER_HEADER: cluster},
    )
    SigV4QueryAuth(credentials, "sts", region, expires=_SIGNED_SECONDS).add_auth(request)
    return PREFIX + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def by_keys(command: str, arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """What this command of a kubeconfig would print, where it would sign with keys of the environment.

    None for every other command, option or source of credentials: then it has to be run. It takes about a
    second, for each cluster in each run.
    """
    if any(environment.get(name) for name in _ELSEWHERE) or not all(map(environment.get, (_KEY, _SECRET))):
        return None
    asked = _asked(command, arguments)
    if asked is None or asked[1].startswith(_ISOLATED):
        return None
    cluster, region = asked
    ending = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    from botocore.credentials import Credentials

    keys = Credentials(environment[_KEY], environment[_SECRET], environment.get(_SESSION))
    return token(cluster, region, f"https://sts.{region}.{ending}", keys)


def _asked(command: str, arguments: Sequence[str]) -> tuple[str, str] | None:
    """Cluster and region of `aws [--region R] eks get-token --cluster-name C [--output json]`."""
    words = list(arguments)
    options: dict[str, str] = {}
    for name in ("--region", "--cluster-name", "--output"):
        if name in words[:-1]:
            at = words.index(name)
            options[name] = words[at + 1]
            del words[at : at + 2]
    region, cluster = options.get("--region", ""), options.get("--cluster-name", "")
    known = command == "aws" and words == ["eks", "get-token"] and options.get("--output", "json") == "json"
    return (cluster, region) if known and region and cluster else None
