"""AssumeRoleWithWebIdentity: the token is verified here, as AWS does it; the API behind takes any string.

Order, codes and meanings: AWS STS API reference, AssumeRoleWithWebIdentity, errors; IAM user guide, "obtain
the thumbprint for an OpenID Connect identity provider": an issuer whose certificate chains to an authority
that AWS trusts is not pinned by thumbprint, and the local issuer's chains to the local authority.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree as ET

import jwt

from prodfirst.localcloud.aws.root import Root, RootFailure
from prodfirst.localcloud.aws.signature import Denied, Request

_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
"""What AWS accepts (IAM user guide, OIDC providers); no symmetric one, no `none`."""
_REQUIRED = ("iss", "sub", "aud", "exp", "iat")
_LEEWAY_SECONDS = 5
"""For a `nbf` or `iat` that another clock set."""


class TokenIssuer(Protocol):
    """An issuer that the local cloud answers for."""

    def published(self) -> Mapping[str, Any]:
        """Its JSON Web Key Set."""

    def rejects(self, claims: Mapping[str, Any]) -> bool:
        """Whether it no longer stands by a token that it signed."""


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """Who a verified token speaks for."""

    provider: str
    """ARN of the identity provider in the account's IAM."""
    host: str
    """The issuer without its scheme; condition keys begin with it."""
    claims: Mapping[str, Any]

    @property
    def principal(self) -> str:
        """As CloudTrail writes it: provider, audience and subject."""
        return f"{self.provider}:{self.claims['aud']}:{self.claims['sub']}"


class WebIdentities:
    """Verifies tokens against the identity providers of an account; `issuers` are served here, by host."""

    def __init__(self, root: Root, account: str, issuers: Mapping[str, TokenIssuer]) -> None:
        self._root = root
        self._account = account
        self._issuers = issuers

    async def verify(self, parameters: Mapping[str, str]) -> WebIdentity:
        """Who the call's token speaks for. Raises Denied with AWS's own code."""
        if any(name == "Policy" or name.startswith("PolicyArns") for name in parameters):
            why = "the local cloud does not limit a web identity by a session policy; leave it out"
            raise Denied("ValidationError", why, 400)
        if parameters.get("RoleArn", "").split(":")[4:5] != [self._account]:
            raise Denied("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
        token = parameters.get("WebIdentityToken", "")
        host = _host(token)
        provider = f"arn:aws:iam::{self._account}:oidc-provider/{host}"
        clients = await self._clients(provider, host)
        claims = self._claims(token, host, clients)
        if self._issuers[host].rejects(claims):
            raise Denied("IDPRejectedClaim", "the identity provider has revoked the token: its job has ended")
        return WebIdentity(provider, host, claims)

    async def _clients(self, provider: str, host: str) -> list[str]:
        try:
            found = await self._root.call(
                "iam", "GetOpenIDConnectProvider", {"OpenIDConnectProviderArn": provider}
            )
        except RootFailure as error:
            if error.code != "NoSuchEntity":
                raise
            raise _invalid(f"No OpenIDConnect provider found in your account for https://{host}") from error
        return list(found["ClientIDList"])

    def _claims(self, token: str, host: str, clients: list[str]) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._key(token, host),
                algorithms=_ALGORITHMS,
                audience=clients,
                issuer=f"https://{host}",
                leeway=_LEEWAY_SECONDS,
                options={"require": list(_REQUIRED), "strict_aud": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise Denied("ExpiredTokenException", "Token expired", 400) from error
        except jwt.InvalidAudienceError as error:
            raise _invalid("Incorrect token audience") from error
        except jwt.PyJWTError as error:
            raise _invalid(f"the token could not be validated: {str(error).lower()}") from error
        audiences = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
        if len(audiences) != 1:
            raise _invalid("the token has more than one audience")
        return {**claims, "aud": audiences[0]}

    def _key(self, token: str, host: str) -> jwt.PyJWK:
        issuer = self._issuers.get(host)
        if issuer is None:
            raise _invalid("Couldn't retrieve verification key from your identity provider")
        wanted = jwt.get_unverified_header(token).get("kid")
        keys = jwt.PyJWKSet.from_dict(dict(issuer.published())).keys
        found = next((key for key in keys if key.key_id == wanted), None)
        if found is None:
            raise _invalid("the token is signed with a key that its issuer does not publish")
        return found


def verified_only(request: Request, parameters: Mapping[str, str], identity: WebIdentity) -> Request:
    """The same call with the verified parameters and nothing else.

    A parameter that is given twice would be read once by us and once, differently, by the API. The claims go
    in as they were understood: one audience is a string, also where the issuer wrote a list of one, as
    Kubernetes does.
    """
    token = jwt.encode(dict(identity.claims), "", algorithm="none")
    parts = urlsplit(request.url)
    headers = {"host": parts.netloc, "content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    url = urlunsplit((parts.scheme, parts.netloc, "/", "", ""))
    return Request("POST", url, headers, urlencode({**parameters, "WebIdentityToken": token}).encode())


def told(identity: WebIdentity, body: bytes) -> bytes:
    """The API's answer with what the token says; the API itself puts placeholders there."""
    root = ET.fromstring(body)  # noqa: S314 - the API runs in this process: no foreign XML
    space = root.tag.rpartition("}")[0] + "}" if root.tag.startswith("{") else ""
    if space:
        ET.register_namespace("", space[1:-1])
    facts = {
        "SubjectFromWebIdentityToken": identity.claims["sub"],
        "Audience": identity.claims["aud"],
        "Provider": identity.provider,
    }
    for element in root.iter():
        name = element.tag.removeprefix(space)
        if name in facts:
            element.text = facts[name]
    answered: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return answered


def _host(token: str) -> str:
    """The issuer that the token names, not yet believed."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise _invalid("The ID Token provided is not a valid JWT") from error
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer.startswith("https://"):
        raise _invalid("the token names no issuer")
    return issuer.removeprefix("https://").rstrip("/")


def _invalid(why: str) -> Denied:
    return Denied("InvalidIdentityToken", why, 400)
