"""CI jobs on the local issuer, and what they are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import urllib3

from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.localcloud.oidc.jobs import Work
from prodfirst.localcloud.oidc.runner import Runner, StartedJob

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


def ask(cloud: LocalCloud, url: str, bearer: str = "", method: str = "GET") -> tuple[int, Any]:
    """Status and JSON of one request through the front."""
    reach = cloud.reach()
    headers = {"Authorization": f"bearer {bearer}"} if bearer else {}
    with urllib3.ProxyManager(reach["HTTPS_PROXY"], ca_certs=reach["SSL_CERT_FILE"]) as http:
        answer = http.request(method, url, headers=headers, retries=False, timeout=20)
    return answer.status, json.loads(answer.data) if answer.data else None


def start(cloud: LocalCloud, environment: str, repository: str = "acme/estate", **more: Any) -> StartedJob:
    """A job that the test itself ends, or that ends with the local cloud."""
    return Runner(cloud).start(Work(repository, environment), **more)


def request_of(job: StartedJob) -> tuple[str, str]:
    """Where a job asks, and with what."""
    variables = job.variables
    return variables["ACTIONS_ID_TOKEN_REQUEST_URL"], variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]


def token_of(cloud: LocalCloud, job: StartedJob, audience: str = AUDIENCE) -> str:
    """An ID token of a running job."""
    url, request = request_of(job)
    status, answer = ask(cloud, f"{url}&audience={audience}", request)
    assert status == 200, answer
    return str(answer["value"])


def claims_of(token: str) -> Mapping[str, Any]:
    """What a token says, whoever signed it."""
    claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def signed_by_issuer(cloud: LocalCloud, claims: Mapping[str, Any]) -> str:
    """A token of the real key over any claims: what the issuer itself would never sign."""
    path: Path = max((cloud.home / "oidc").glob("*.pem"))
    return jwt.encode(dict(claims), path.read_bytes(), "RS256", headers={"kid": path.stem})
