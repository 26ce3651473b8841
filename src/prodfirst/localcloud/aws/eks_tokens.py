"""Verifies the tokens of `aws eks get-token`: a presigned GetCallerIdentity, bound to one cluster.

What is demanded is what EKS's authenticator demands (aws-iam-authenticator, pkg/token): an STS host, no
parameter beside those of a presigned GetCallerIdentity, the cluster's name in a signed header, and a
signature of the last 15 minutes whatever `X-Amz-Expires` says.
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl, urlsplit

from prodfirst.localcloud.aws import eks_records, hosts, operation, signature
from prodfirst.localcloud.aws.api import Api
from prodfirst.localcloud.aws.audit import Audit, Entry
from prodfirst.localcloud.aws.credentials import Registry
from prodfirst.localcloud.aws.signature import Denied, Request
from prodfirst.localcloud.kubernetes.access import AccessEntry, Caller, NotAuthenticated, User, user_of
from prodfirst.localcloud.kubernetes.cluster import Key

PREFIX = "k8s-aws-v1."
LIFETIME_SECONDS = 15 * 60
_LENGTH_LIMIT = 4096
_CLUSTER_HEADER = "x-k8s-aws-id"
_PARAMETERS = frozenset(
    {
        "action", "version", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires",
        "x-amz-security-token", "x-amz-signature", "x-amz-signedheaders", "x-amz-user-agent",
    }
)  # fmt: skip


class ClusterAccess:
    """Who enters a cluster; refusals stand in the audit, for `kubectl` hears only `Unauthorized`."""

    def __init__(self, api: Api, registry: Registry, audit: Audit) -> None:
        self._api = api
        self._registry = registry
        self._audit = audit

    def entries(self, key: Key) -> tuple[AccessEntry, ...]:
        """The cluster's access entries."""
        return eks_records.access_entries(key)

    async def authenticate(self, token: str, key: Key) -> User:
        """Who a token stands for in a cluster. Raises NotAuthenticated."""
        entry = Entry(
            "eks", "AuthenticateToken", parameters={"clusterName": key.name}, decision="deny", status=401
        )
        try:
            caller = await self._caller(token, key, entry)
            entry.key, entry.principal = caller.key, caller.arn
            return user_of(caller, self.entries(key))
        except NotAuthenticated as refused:
            entry.reason = str(refused)
            self._audit.write(entry)
            raise

    async def _caller(self, token: str, key: Key, entry: Entry) -> Caller:
        request = _request(token, key.name)
        host = hosts.parse(urlsplit(request.url).netloc)
        if host is None or host.service != "sts":
            raise NotAuthenticated("the token is signed for another host than STS")
        try:
            credential = signature.verify(request, host, self._registry, lifetime=LIFETIME_SECONDS)
        except Denied as denied:
            raise NotAuthenticated(f"{denied.code}: {denied}") from denied
        entry.key, entry.principal = credential.key, credential.principal
        parts = urlsplit(request.url)
        answer = await self._api.call("GET", parts.netloc, f"/?{parts.query}", request.headers, b"")
        if answer.status != 200:
            raise NotAuthenticated(f"STS refused the token with status {answer.status}")
        called = operation.identify(request, host)
        who = operation.answer(called, answer.status, dict(answer.headers), answer.body)
        return Caller(who["Arn"], who["UserId"], who["Account"], credential.key)


def _request(token: str, cluster: str) -> Request:
    """The request that the token is. Raises NotAuthenticated."""
    if not token.startswith(PREFIX):
        raise NotAuthenticated("the token is none of `aws eks get-token`")
    if len(token) > _LENGTH_LIMIT:
        raise NotAuthenticated("the token is too long")
    encoded = token.removeprefix(PREFIX)
    try:
        url = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotAuthenticated("the token is not base64") from error
    parts = urlsplit(url)
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if parts.scheme != "https" or parts.path not in ("", "/") or parts.fragment:
        raise NotAuthenticated("the token is not the URL of STS")
    if {name.lower() for name in names} - _PARAMETERS or len({name.lower() for name in names}) < len(names):
        raise NotAuthenticated("the token's URL has other parameters than GetCallerIdentity's")
    query = dict(parse_qsl(parts.query))
    if query.get("Action") != "GetCallerIdentity":
        raise NotAuthenticated("the token is not a GetCallerIdentity")
    if _CLUSTER_HEADER not in query.get("X-Amz-SignedHeaders", "").split(";"):
        raise NotAuthenticated("the token is not bound to a cluster")
    return Request("GET", url, {"host": parts.netloc, _CLUSTER_HEADER: cluster}, b"")
