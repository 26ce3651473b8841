"""The identity token of a CI job, by GitHub's protocol ("OpenID Connect reference", requesting the JWT)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3

from prodfirst.kernel.errors import Failure, Problem

URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - the name of a variable
_SECONDS = 20.0
_TRIES = urllib3.Retry(total=3, backoff_factor=0.5, status_forcelist=(500, 502, 503, 504))


@dataclass(frozen=True)
class IdToken:
    """A token, and whom it speaks for."""

    text: str = field(repr=False)
    subject: str
    """What it says of itself; not verified here, only shown."""


@dataclass(frozen=True)
class IdTokenRequest:
    """What a job is given to ask for its token."""

    url: str
    bearer: str = field(repr=False)
    proxy: str | None = None
    authority: str | None = None
    """A file with the certificate authority; None for those of the system."""

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> IdTokenRequest | None:
        """From a job's environment; None where it is no job that may ask."""
        url, bearer = variables.get(URL), variables.get(TOKEN)
        if not url or not bearer:
            return None
        proxy = variables.get("HTTPS_PROXY") or variables.get("https_proxy")
        return cls(url, bearer, proxy, variables.get("SSL_CERT_FILE"))

    def fetch(self, audience: str) -> IdToken:
        """The token for `audience`. Raises Failure."""
        if not self.url.startswith("https://"):
            raise self._failure("it is not an https address, and the request token would go out in clear")
        certificates = self.authority
        manager = urllib3.ProxyManager(self.proxy, ca_certs=certificates) if self.proxy else None
        try:
            with manager or urllib3.PoolManager(ca_certs=certificates) as http:
                answer = http.request(
                    "GET",
                    f"{self.url}{'&' if '?' in self.url else '?'}audience={audience}",
                    headers={"Authorization": f"bearer {self.bearer}"},
                    timeout=_SECONDS,
                    retries=_TRIES,
                )
        except urllib3.exceptions.HTTPError as error:
            raise self._failure(f"no answer: {type(error).__name__}") from error
        if answer.status != 200:
            raise self._failure(f"{answer.status}: {answer.data.decode('utf-8', 'replace')[:300]}")
        text = str(json.loads(answer.data)["value"])
        return IdToken(text, _subject(text))

    def _failure(self, why: str) -> Failure:
        return Failure(
            Problem(
                "the CI system gave no identity token",
                urllib3.util.parse_url(self.url).host,
                why,
                "give the job `permissions: id-token: write`; a job that has ended cannot ask any more",
            )
        )


def _subject(token: str) -> str:
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims.get("sub", ""))
