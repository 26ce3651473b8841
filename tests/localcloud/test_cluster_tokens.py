"""Tokens of `aws eks get-token`, and what is not one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.auth
import pytest
import urllib3
from cluster_fixtures import NAME, Shell, eks_token
from local_callers import REGION, Caller

from prodfirst.localcloud.lifecycle import LocalCloud


@pytest.fixture(scope="module")
def ask(cluster: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], int]:
    """The HTTP status that the API server gives to a token."""
    authority = tmp_path_factory.mktemp("ask") / "ca.pem"
    authority.write_bytes(base64.b64decode(cluster["certificateAuthority"]["data"]))
    pool = urllib3.PoolManager(ca_certs=str(authority))

    def status(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return pool.request(
            "GET", f"{cluster['endpoint']}/api/v1/namespaces", headers=headers, timeout=10
        ).status

    return status


def test_a_token_made_as_the_aws_command_makes_it_is_accepted(
    ask: Callable[[str], int], administrator: Caller
) -> None:
    assert ask(eks_token(administrator)) == 200


def test_the_token_of_the_aws_command_itself_is_accepted(ask: Callable[[str], int], shell: Shell) -> None:
    made = json.loads(shell.run("aws", "eks", "get-token", "--cluster-name", NAME, "--output", "json").stdout)
    assert ask(made["status"]["token"]) == 200


WRONG: Mapping[str, tuple[dict[str, Any], str]] = {
    "for another cluster": ({"cluster": "other"}, "SignatureDoesNotMatch"),
    "for no cluster": ({"cluster": None}, "not bound to a cluster"),
    "for another action": ({"Action": "GetSessionToken"}, "not a GetCallerIdentity"),
    "with another parameter": ({"Marker": "1"}, "other parameters"),
    "with its parameter twice": (
        {"change": lambda url: f"{url}&Action=GetCallerIdentity"},
        "other parameters",
    ),
    "for another host": ({"url": "https://sts.example.com/"}, "another host than STS"),
    "for another service": ({"url": f"https://iam.{REGION}.amazonaws.com/"}, "another host than STS"),
    "for another region": ({"url": "https://sts.us-east-1.amazonaws.com/"}, "SignatureDoesNotMatch"),
    "without TLS": ({"url": f"http://sts.{REGION}.amazonaws.com/"}, "not the URL of STS"),
    "with a longer life": ({"expires": 3600}, "expired"),
    "with its signature changed": (
        {"change": lambda url: url[:-1] + ("0" if url[-1] != "0" else "1")},
        "SignatureDoesNotMatch",
    ),
    "with a later date": (
        {"change": lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")},
        "SignatureDoesNotMatch",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_token_is_refused_and_the_audit_says_why(
    cloud: LocalCloud, ask: Callable[[str], int], administrator: Caller, wrong: str
) -> None:
    changes, why = WRONG[wrong]
    assert ask(eks_token(administrator, **changes)) == 401
    assert why in _last_refusal(cloud)


def test_an_expired_token_is_refused(
    cloud: LocalCloud, ask: Callable[[str], int], administrator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(minutes: int) -> str:
        moment = datetime.now(UTC) - timedelta(minutes=minutes)
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment.replace(tzinfo=None))
        return eks_token(administrator)

    assert ask(at(14)) == 200
    assert ask(at(16)) == 401
    assert "expired" in _last_refusal(cloud)


def test_the_token_of_a_deleted_key_is_refused(
    cloud: LocalCloud, ask: Callable[[str], int], administrator: Caller
) -> None:
    stranger = Caller(administrator.environment, administrator.key, "another secret")
    assert ask(eks_token(stranger)) == 401
    assert "SignatureDoesNotMatch" in _last_refusal(cloud)


@pytest.mark.parametrize(
    "token", ["", "k8s-aws-v1.", "k8s-aws-v1.!!!", "k8s-aws-v1." + "a" * 5000, "eyJhbGciOi"]
)
def test_what_is_no_token_at_all_is_refused(ask: Callable[[str], int], token: str) -> None:
    assert ask(token) in (401, 403)


def test_nobody_but_the_api_server_may_ask_the_webhook(cloud: LocalCloud, cluster: Mapping[str, Any]) -> None:
    config = json.loads(next((cloud.home / "kubernetes").glob("*/webhook.kubeconfig")).read_text())
    url = config["clusters"][0]["cluster"]["server"]
    authority = config["clusters"][0]["cluster"]["certificate-authority"]
    with pytest.raises((urllib3.exceptions.ProtocolError, urllib3.exceptions.SSLError)):
        urllib3.PoolManager(ca_certs=authority).request("POST", url, json={}, retries=False, timeout=10)


def _last_refusal(cloud: LocalCloud) -> str:
    entries = [json.loads(line) for line in cloud.audit.read_text().splitlines()]
    return next(
        str(entry["reason"]) for entry in reversed(entries) if entry["operation"] == "AuthenticateToken"
    )
