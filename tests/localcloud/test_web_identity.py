"""AssumeRoleWithWebIdentity: what a token of the CI system opens, and each way in which it does not."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import boto3
import jwt
import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from job_tokens import AUDIENCE, ISSUER, claims_of, signed_by_issuer, start, token_of
from local_callers import ACCOUNT, REGION, Caller

from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.localcloud.oidc.jobs import Work
from prodfirst.localcloud.oidc.runner import Runner

_HOST = ISSUER.removeprefix("https://")
_PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{_HOST}"
_ENVIRONMENT = "production-shop-apply"
_SUBJECT = f"repo:acme/estate:environment:{_ENVIRONMENT}"


def _trust(subject: str = _SUBJECT, provider: str = _PROVIDER) -> str:
    equal = {f"{_HOST}:aud": AUDIENCE, f"{_HOST}:sub": subject}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": equal},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def role(administrator: Caller) -> str:
    """A role that one CI environment may take on, in an account that knows the issuer."""
    iam = administrator.client("iam")
    iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=[AUDIENCE])
    iam.create_open_id_connect_provider(Url="https://issuer.example.com", ClientIDList=[AUDIENCE])
    made = iam.create_role(RoleName="shop-apply", AssumeRolePolicyDocument=_trust(), MaxSessionDuration=3600)
    return str(made["Role"]["Arn"])


def _take_on(cloud: LocalCloud, role: str, token: str, **more: Any) -> Mapping[str, Any]:
    reach = cloud.reach()
    settings = Config(
        signature_version=UNSIGNED,
        proxies={"https": reach["HTTPS_PROXY"]},
        retries={"total_max_attempts": 1},
    )
    sts = boto3.Session(region_name=REGION).client("sts", verify=reach["AWS_CA_BUNDLE"], config=settings)
    answer: Mapping[str, Any] = sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="run-1", WebIdentityToken=token, **more
    )
    return answer


def _refusal(cloud: LocalCloud, role: str, token: str, **more: Any) -> str:
    with pytest.raises(ClientError) as raised:
        _take_on(cloud, role, token, **more)
    return str(raised.value.response["Error"]["Code"])


def _token(cloud: LocalCloud, environment: str = _ENVIRONMENT, repository: str = "acme/estate") -> str:
    return token_of(cloud, start(cloud, environment, repository))


def test_the_right_job_becomes_the_role_and_nobody_else(cloud: LocalCloud, role: str) -> None:
    answer = _take_on(cloud, role, _token(cloud))
    made = answer["Credentials"]
    caller = Caller(cloud.environment(), made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])

    who = caller.client("sts").get_caller_identity()["Arn"]

    assert who == f"arn:aws:sts::{ACCOUNT}:assumed-role/shop-apply/run-1"
    assert answer["SubjectFromWebIdentityToken"] == _SUBJECT
    assert (answer["Audience"], answer["Provider"]) == (AUDIENCE, _PROVIDER)


def test_the_audit_says_whose_token_it_was(cloud: LocalCloud, role: str) -> None:
    _take_on(cloud, role, _token(cloud))

    entry = json.loads(cloud.audit.read_text().splitlines()[-1])

    assert entry["principal"] == f"{_PROVIDER}:{AUDIENCE}:{_SUBJECT}"
    assert (entry["operation"], entry["decision"]) == ("AssumeRoleWithWebIdentity", "allow")
    assert entry["parameters"]["RoleArn"] == role
    assert "WebIdentityToken" not in entry["parameters"]


@pytest.mark.parametrize(
    ("environment", "repository"),
    [
        (_ENVIRONMENT, "other/estate"),
        ("production-network-apply", "acme/estate"),
        ("production-shop-plan", "acme/estate"),
        ("staging-shop-apply", "acme/estate"),
        (f"{_ENVIRONMENT}-2", "acme/estate"),
    ],
    ids=["another repository", "another stack", "another phase", "another environment", "a longer name"],
)
def test_a_token_of_another_job_is_denied(
    cloud: LocalCloud, role: str, environment: str, repository: str
) -> None:
    assert _refusal(cloud, role, _token(cloud, environment, repository)) == "AccessDenied"


def test_a_token_for_another_audience_is_no_identity(cloud: LocalCloud, role: str) -> None:
    token = token_of(cloud, start(cloud, _ENVIRONMENT), "https://github.com/acme")

    assert _refusal(cloud, role, token) == "InvalidIdentityToken"


def test_a_token_is_worth_nothing_after_its_job(cloud: LocalCloud, role: str) -> None:
    with Runner(cloud).job(Work("acme/estate", _ENVIRONMENT)) as job:
        token = token_of(cloud, job)
        _take_on(cloud, role, token)

    assert _refusal(cloud, role, token) == "IDPRejectedClaim"


_CHANGED: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "expired": ({"iat": -700, "nbf": -700, "exp": -400}, "ExpiredTokenException"),
    "not valid yet": ({"nbf": 300}, "InvalidIdentityToken"),
    "never issued": ({"jti": "made-up"}, "IDPRejectedClaim"),
    "without a subject": ({"sub": None}, "InvalidIdentityToken"),
    "without an end": ({"exp": None}, "InvalidIdentityToken"),
    "for two audiences": ({"aud": [AUDIENCE, "other"]}, "InvalidIdentityToken"),
    "of an issuer without a scheme": ({"iss": _HOST}, "InvalidIdentityToken"),
    "of an issuer whose keys cannot be had": ({"iss": "https://issuer.example.com"}, "InvalidIdentityToken"),
    "of an issuer that the account does not know": ({"iss": "https://unknown.test"}, "InvalidIdentityToken"),
}
"""Changes to a good token's claims, signed with the issuer's real key; numbers are seconds from now."""


@pytest.mark.parametrize("change", _CHANGED)
def test_a_token_that_the_issuer_would_not_make_is_refused(cloud: LocalCloud, role: str, change: str) -> None:
    changes, code = _CHANGED[change]
    now = int(time.time())
    moved = {key: now + value if isinstance(value, int) else value for key, value in changes.items()}
    claims = {**claims_of(_token(cloud)), **moved}

    token = signed_by_issuer(cloud, {key: value for key, value in claims.items() if value is not None})

    assert _refusal(cloud, role, token) == code


@pytest.mark.parametrize("forgery", ["another key", "no signature", "the public key as a secret", "no token"])
def test_a_forged_token_is_refused(cloud: LocalCloud, role: str, forgery: str) -> None:
    good = _token(cloud)
    claims, headers = dict(claims_of(good)), {"kid": jwt.get_unverified_header(good)["kid"]}
    match forgery:
        case "another key":
            token = jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256", headers=headers)
        case "no signature":
            token = jwt.encode(claims, "", "none", headers=headers)
        case "the public key as a secret":
            token = jwt.encode(claims, "n" * 64, "HS256", headers=headers)
        case _:
            token = "anything-at-all-that-is-no-token"

    assert _refusal(cloud, role, token) == "InvalidIdentityToken"


def test_a_second_token_in_the_same_request_is_refused(cloud: LocalCloud, role: str) -> None:
    """The API reads the first of two parameters, and would follow another than the one that was verified."""
    other = signed_by_issuer(cloud, {**claims_of(_token(cloud)), "sub": _SUBJECT})
    mine = _token(cloud, "production-network-apply")
    form = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", role),
        ("RoleSessionName", "x"),
        ("WebIdentityToken", other.rpartition(".")[0] + ".AAAA"),
        ("WebIdentityToken", mine),
    ]
    status, body = _post(cloud, urlencode(form))
    assert status == 400
    assert "`WebIdentityToken` is given twice" in body


def test_an_action_in_the_header_does_not_go_round_the_verification(cloud: LocalCloud, role: str) -> None:
    """The API obeys `x-amz-target` where the body is JSON."""
    told = {"RoleArn": role, "RoleSessionName": "x", "WebIdentityToken": _token(cloud)[:-8] + "AAAAAAAA"}
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AWSSecurityTokenServiceV20110615.AssumeRoleWithWebIdentity",
    }

    for query in ("", "?Action=GetCallerIdentity", "?Action=AssumeRoleWithWebIdentity"):
        status, body = _post(cloud, json.dumps(told), headers, query)
        assert status in (400, 403), body


def test_a_session_policy_that_would_not_count_is_refused(cloud: LocalCloud, role: str) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})

    assert _refusal(cloud, role, _token(cloud), Policy=policy) == "ValidationError"


def test_the_apis_administration_stays_closed(cloud: LocalCloud) -> None:
    body = urlencode({"Action": "AssumeRoleWithWebIdentity", "WebIdentityToken": "x"})
    assert _post(cloud, body, query="_ministack/reset")[0] == 403


def _post(
    cloud: LocalCloud, body: str, headers: Mapping[str, str] | None = None, query: str = ""
) -> tuple[int, str]:
    reach = cloud.reach()
    form = {"content-type": "application/x-www-form-urlencoded"}
    with urllib3.ProxyManager(reach["HTTPS_PROXY"], ca_certs=reach["SSL_CERT_FILE"]) as http:
        answer = http.request(
            "POST",
            f"https://sts.{REGION}.amazonaws.com/{query}",
            headers=dict(headers or form),
            body=body.encode(),
            retries=False,
            timeout=20,
        )
    return answer.status, answer.data.decode()
