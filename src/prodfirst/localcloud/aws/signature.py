"""Verifies AWS Signature Version 4, in a header or in the query of a presigned URL.

The canonical request is botocore's, the library of the AWS clients. Chunk signatures of a streamed body
are not verified one by one: the seed signature is, and TLS protects the rest.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from prodfirst.localcloud.aws.credentials import Credential, Registry
from prodfirst.localcloud.aws.hosts import Host

SKEW_SECONDS = 300
"""How far a client's clock may be off; AWS's own limit for most services."""
_PRESIGNED_SECONDS = 7 * 24 * 3600
_ALGORITHM = "AWS4-HMAC-SHA256"


class Denied(Exception):
    """The request does not prove who sent it; `code` is AWS's word for why, `status` its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """What a signature is computed over."""

    method: str
    url: str
    """With the path and query exactly as sent."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class _Claim:
    """What the request says of its own signature."""

    key: str
    date: str
    region: str
    service: str
    signed: tuple[str, ...]
    signature: str
    timestamp: str
    token: str
    expires: int | None
    """Seconds; None for a signature in a header."""


def verify(request: Request, host: Host, registry: Registry, lifetime: int | None = None) -> Credential:
    """The credential that signed the request. Raises Denied.

    `lifetime` (seconds) replaces what a presigned URL says of its own; STS has such a fixed one.
    """
    claim = _claim(request)
    credential = registry.find(claim.key)
    if credential is None:
        raise Denied("InvalidClientTokenId", "the access key does not exist in the local cloud")
    if credential.expires and credential.expires < time.time():
        raise Denied("ExpiredToken", "the security token included in the request is expired")
    if not hmac.compare_digest(credential.token, claim.token):
        raise Denied("InvalidClientTokenId", "the session token is not the one of this access key")
    _check_scope(claim, host)
    _check_time(claim, lifetime)
    _check_body(request, claim)
    expected = _signature(request, claim, credential)
    if not hmac.compare_digest(expected, claim.signature):
        raise Denied("SignatureDoesNotMatch", "the signature is not the one that the secret key makes")
    return credential


def _claim(request: Request) -> _Claim:
    try:
        header = request.headers.get("authorization")
        return _from_header(request, header) if header else _from_query(request)
    except (KeyError, ValueError) as error:
        raise Denied(
            "MissingAuthenticationToken", "the request has no complete Signature Version 4"
        ) from error


def _from_header(request: Request, header: str) -> _Claim:
    algorithm, _, rest = header.partition(" ")
    if algorithm != _ALGORITHM:
        raise ValueError(algorithm)
    parts = dict(item.strip().split("=", 1) for item in rest.split(","))
    key, date, region, service, _ = parts["Credential"].split("/")
    return _Claim(
        key=key,
        date=date,
        region=region,
        service=service,
        signed=tuple(parts["SignedHeaders"].split(";")),
        signature=parts["Signature"],
        timestamp=request.headers["x-amz-date"],
        token=request.headers.get("x-amz-security-token", ""),
        expires=None,
    )


def _from_query(request: Request) -> _Claim:
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    if query["X-Amz-Algorithm"] != _ALGORITHM:
        raise ValueError(query["X-Amz-Algorithm"])
    key, date, region, service, _ = query["X-Amz-Credential"].split("/")
    return _Claim(
        key=key,
        date=date,
        region=region,
        service=service,
        signed=tuple(query["X-Amz-SignedHeaders"].split(";")),
        signature=query["X-Amz-Signature"],
        timestamp=query["X-Amz-Date"],
        token=query.get("X-Amz-Security-Token", ""),
        expires=int(query["X-Amz-Expires"]),
    )


def _check_scope(claim: _Claim, host: Host) -> None:
    if claim.service != host.service or (host.region and claim.region != host.region):
        scope = f"{claim.service} in {claim.region}"
        raise Denied("SignatureDoesNotMatch", f"the credential is scoped to {scope}, the request is not")
    if "host" not in claim.signed or not claim.timestamp.startswith(claim.date):
        raise Denied("SignatureDoesNotMatch", "the signature must cover the host and its own date")


def _check_time(claim: _Claim, lifetime: int | None) -> None:
    try:
        sent = datetime.strptime(claim.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise Denied("IncompleteSignature", "the date of the signature is not one") from error
    now = time.time()
    if claim.expires is None:
        if abs(now - sent) > SKEW_SECONDS:
            raise Denied("RequestTimeTooSkewed", "the request's time differs too much from the current time")
        return
    wanted = lifetime or claim.expires
    longest = lifetime or _PRESIGNED_SECONDS
    if not 0 < claim.expires <= longest or not sent - SKEW_SECONDS <= now <= sent + wanted:
        raise Denied("AccessDenied", "the presigned request has expired")


def _check_body(request: Request, claim: _Claim) -> None:
    """A body that is not the one that was signed is refused; S3 clients may leave theirs unsigned."""
    declared = request.headers.get("x-amz-content-sha256", "")
    if claim.expires is not None or not declared or declared.startswith(("STREAMING-", "UNSIGNED-")):
        if declared.startswith(("STREAMING-", "UNSIGNED-")) and claim.service != "s3":
            raise Denied("SignatureDoesNotMatch", "only S3 takes an unsigned or streamed body")
        return
    if not hmac.compare_digest(declared, hashlib.sha256(request.body).hexdigest()):
        raise Denied("XAmzContentSHA256Mismatch", "the body is not the one that was signed")


def _signature(request: Request, claim: _Claim, credential: Credential) -> str:
    url = request.url
    if claim.expires is not None:
        parts = urlsplit(url)
        kept = [item for item in parts.query.split("&") if not item.startswith("X-Amz-Signature=")]
        url = parts._replace(query="&".join(kept)).geturl()
    headers = {name: request.headers.get(name, "") for name in claim.signed}
    aws = AWSRequest(method=request.method, url=url, headers=headers, data=request.body)
    aws.context["timestamp"] = claim.timestamp
    verifier = (_S3Verifier if claim.service == "s3" else _Verifier)(
        claim, credential, _payload(request, claim)
    )
    canonical = verifier.canonical_request(aws)
    return str(verifier.signature(verifier.string_to_sign(aws, canonical), aws))


def _payload(request: Request, claim: _Claim) -> str:
    declared = request.headers.get("x-amz-content-sha256")
    if declared:
        return declared
    if claim.expires is not None and claim.service == "s3":
        return "UNSIGNED-PAYLOAD"
    return hashlib.sha256(request.body).hexdigest()


class _Canonical:
    """What both verifiers change: exactly the headers that were signed, and the body's declared digest."""

    _payload: str

    def headers_to_sign(self, request: AWSRequest) -> Mapping[str, str]:
        from botocore.compat import HTTPHeaders

        headers: Mapping[str, str] = HTTPHeaders.from_dict(dict(request.headers))
        return headers

    def payload(self, request: AWSRequest) -> str:
        return self._payload

    def canonical_query_string(self, request: AWSRequest) -> str:
        """Each name and value decoded and encoded again, so that a client's own spelling does not count."""
        pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
        encoded = sorted((quote(key, safe="-_.~"), quote(value, safe="-_.~")) for key, value in pairs)
        return "&".join(f"{key}={value}" for key, value in encoded)


class _Verifier(_Canonical, SigV4Auth):  # type: ignore[misc]
    def __init__(self, claim: _Claim, credential: Credential, payload: str) -> None:
        super().__init__(Credentials(credential.key, credential.secret), claim.service, claim.region)
        self._payload = payload


class _S3Verifier(_Canonical, S3SigV4Auth):  # type: ignore[misc]
    def __init__(self, claim: _Claim, credential: Credential, payload: str) -> None:
        super().__init__(Credentials(credential.key, credential.secret), claim.service, claim.region)
        self._payload = payload
