"""What the AWS API alone would let through, and the gateway does not."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import pytest
import urllib3
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from local_callers import ACCOUNT, REGION, Caller, trusting

from prodfirst.localcloud.lifecycle import LocalCloud

_STS = f"sts.{REGION}.amazonaws.com"
_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
_WHO = "Action=GetCallerIdentity&Version=2011-06-15"
_NOW = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
Raw = tuple[str, str, str, Mapping[str, str], str]
"""Method, host, path with query, headers, body."""


def _forged(key: str) -> Raw:
    """Signed with nothing."""
    scope = f"{key}/{_NOW[:8]}/{REGION}/sts/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    return ("POST", _STS, "/", {**_FORM, "x-amz-date": _NOW, "authorization": signature}, _WHO)


_WEB = (
    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=me&WebIdentityToken=anything"
    f"&RoleArn=arn:aws:iam::{ACCOUNT}:role/any"
)
HOLES: Mapping[str, tuple[Raw, str]] = {
    "the root key with no secret": (_forged("test"), "InvalidClientTokenId"),
    "a key of 12 digits": (_forged(ACCOUNT), "InvalidClientTokenId"),
    "a reset by anybody": (("POST", _STS, "/_ministack/reset", {}, ""), "AccessDenied"),
    "a look at the configuration by anybody": (("GET", _STS, "/_ministack/health", {}, ""), "AccessDenied"),
}
"""Request, and AWS's word for its refusal."""


def _send(cloud: LocalCloud, raw: Raw) -> tuple[int, str]:
    method, host, path, headers, body = raw
    environment = cloud.environment()
    proxy = urllib3.ProxyManager(environment["HTTPS_PROXY"], ca_certs=environment["AWS_CA_BUNDLE"])
    answer = proxy.request(
        method, f"https://{host}{path}", headers=dict(headers), body=body.encode(), retries=False, timeout=20
    )
    return answer.status, answer.data.decode()


@pytest.fixture(scope="module")
def ungated(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, int]:
    """The statuses of all holes without a gateway."""
    folder = tmp_path_factory.mktemp("ungated")
    script = Path(__file__).with_name("ungated.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        input=json.dumps([raw for raw, _ in HOLES.values()]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return dict(zip(HOLES, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_of_the_api_is_closed(cloud: LocalCloud, ungated: Mapping[str, int], hole: str) -> None:
    raw, code = HOLES[hole]
    assert ungated[hole] == 200
    status, body = _send(cloud, raw)
    assert status == 403
    assert code in body


def test_a_token_that_nobody_issued_is_refused(cloud: LocalCloud) -> None:
    status, body = _send(cloud, ("POST", _STS, "/", _FORM, _WEB))
    assert status == 400
    assert "InvalidIdentityToken" in body


def test_a_service_that_is_not_served_is_refused_by_name(cloud: LocalCloud) -> None:
    status, body = _send(cloud, ("GET", f"sqs.{REGION}.amazonaws.com", "/", {}, ""))
    assert status == 403
    assert f"does not serve `sqs.{REGION}.amazonaws.com`" in body


def test_another_host_is_refused_and_recorded(cloud: LocalCloud) -> None:
    begun = time.time()
    with pytest.raises(urllib3.exceptions.ProxyError, match="403"):
        _send(cloud, ("GET", "example.com", "/", {}, ""))
    assert cloud.refused(begun) == ("example.com:443",)


def _signed(caller: Caller, body: str = _WHO, path: str = "/", region: str = REGION, **options: Any) -> Raw:
    request = AWSRequest("POST", f"https://{_STS}{path}", headers=dict(_FORM), data=body)
    key = Credentials(caller.key, options.get("secret", caller.secret), options.get("token", caller.token))
    SigV4Auth(key, options.get("service", "sts"), region).add_auth(request)
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return ("POST", _STS, target, dict(prepared.headers.items()), body)


def test_a_good_signature_is_let_through(cloud: LocalCloud, administrator: Caller) -> None:
    status, body = _send(cloud, _signed(administrator))
    assert status == 200
    assert f"arn:aws:iam::{ACCOUNT}:user/" in body


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"secret": "another"}, "SignatureDoesNotMatch"),
        ({"token": "made-up"}, "InvalidClientTokenId"),
        ({"region": "us-east-1"}, "SignatureDoesNotMatch"),
        ({"service": "iam"}, "SignatureDoesNotMatch"),
    ],
)
def test_a_signature_for_something_else_is_refused(
    cloud: LocalCloud, administrator: Caller, options: dict[str, str], code: str
) -> None:
    status, body = _send(cloud, _signed(administrator, **options))
    assert status == 403
    assert code in body


@pytest.mark.parametrize("part", ["body", "query", "header"])
def test_what_was_signed_cannot_be_changed_on_the_way(
    cloud: LocalCloud, administrator: Caller, part: str
) -> None:
    method, host, path, headers, body = _signed(administrator)
    if part == "body":
        body = body.replace("2011-06-15", "2011-06-16")
    elif part == "query":
        path += "?Action=GetSessionToken"
    else:
        headers = {**headers, "content-type": "text/plain"}
    status, answer = _send(cloud, (method, host, path, headers, body))
    assert status == 403
    assert "SignatureDoesNotMatch" in answer


def test_an_old_request_cannot_be_replayed(
    cloud: LocalCloud, administrator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=20)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: past.replace(tzinfo=None))
    status, body = _send(cloud, _signed(administrator))
    assert status == 403
    assert "RequestTimeTooSkewed" in body


def test_two_actions_in_one_request_are_none(cloud: LocalCloud, administrator: Caller) -> None:
    """A filter that looks at one of them and an API that obeys the other could be played off."""
    status, body = _send(cloud, _signed(administrator, path="/?Action=GetSessionToken"))
    assert status == 403
    assert "InvalidAction" in body


def test_a_presigned_url_works_until_it_expires_and_not_when_changed(
    cloud: LocalCloud, administrator: Caller
) -> None:
    s3 = administrator.client("s3")
    s3.create_bucket(Bucket="presigned", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="presigned", Key="a", Body=b"content")
    url = urlsplit(s3.generate_presigned_url("get_object", {"Bucket": "presigned", "Key": "a"}, ExpiresIn=2))
    host = str(url.netloc)
    target = f"{url.path}?{url.query}"
    assert _send(cloud, ("GET", host, target, {}, ""))[:2] == (200, "content")
    assert _send(cloud, ("GET", host, target.replace("/a?", "/b?"), {}, ""))[0] == 403
    time.sleep(3)
    status, body = _send(cloud, ("GET", host, target, {}, ""))
    assert status == 403
    assert "expired" in body


def test_a_deleted_key_is_dead_at_once(cloud: LocalCloud, administrator: Caller) -> None:
    iam = administrator.client("iam")
    iam.create_user(UserName="short")
    made = iam.create_access_key(UserName="short")["AccessKey"]
    short = Caller(administrator.environment, made["AccessKeyId"], made["SecretAccessKey"])
    assert _send(cloud, _signed(short))[0] == 200
    iam.delete_access_key(UserName="short", AccessKeyId=made["AccessKeyId"])
    assert "InvalidClientTokenId" in _send(cloud, _signed(short))[1]


def test_a_session_needs_its_token_and_every_call_is_in_the_audit(
    cloud: LocalCloud, administrator: Caller
) -> None:
    iam = administrator.client("iam")
    role = iam.create_role(RoleName="audited", AssumeRolePolicyDocument=json.dumps(trusting()))["Role"]["Arn"]
    session = administrator.assuming(role)
    assert "InvalidClientTokenId" in _send(cloud, _signed(session, token=None))[1]
    with pytest.raises(session.client("s3").exceptions.ClientError, match="AccessDenied"):
        session.client("s3").list_objects_v2(Bucket="presigned")
    entry = json.loads(cloud.audit.read_text().splitlines()[-1])
    assert entry["decision"] == "deny"
    assert entry["principal"].endswith(":assumed-role/audited/test")
    assert (entry["service"], entry["operation"]) == ("s3", "ListObjectsV2")
    assert entry["parameters"]["Bucket"] == "presigned"


def _signed_for(
    caller: Caller, service: str, method: str, path: str, headers: Mapping[str, str], body: str
) -> Raw:
    host = f"{service}.{REGION}.amazonaws.com"
    request = AWSRequest(method, f"https://{host}{path}", headers=dict(headers), data=body)
    credentials = Credentials(caller.key, caller.secret, caller.token)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, REGION).add_auth(request)
    return (method, host, path, dict(request.prepare().headers.items()), body)


_JSON = {"content-type": "application/x-amz-json-1.1"}


@pytest.mark.parametrize(
    ("service", "path", "target"),
    [
        ("s3", "/any/key", "TrentService.ListKeys"),
        ("eks", "/clusters", "TrentService.ListKeys"),
        ("kms", "/", "secretsmanager.ListSecrets"),
        ("kms", "/?Action=ListUsers", "TrentService.ListKeys"),
        ("logs", "/service/Logs/operation/DescribeLogGroups", "Logs_20140328.DescribeLogGroups"),
        ("sts", "/", "TrentService.ListKeys"),
    ],
)
def test_no_request_is_decided_as_one_thing_and_answered_as_another(
    cloud: LocalCloud, administrator: Caller, service: str, path: str, target: str
) -> None:
    """The API obeys the target header before host, path and credential scope."""
    headers = {**_JSON, "x-amz-target": target}
    status, body = _send(cloud, _signed_for(administrator, service, "POST", path, headers, "{}"))
    assert status == 403
    assert "InvalidAction" in body


def test_a_presigned_upload_cannot_be_turned_into_a_copy(cloud: LocalCloud, administrator: Caller) -> None:
    """S3 reads the headers of a presigned request from its query as well: a copy reads its source."""
    s3, iam = administrator.client("s3"), administrator.client("iam")
    s3.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="uploads", Key="secret", Body=b"secret")
    role = iam.create_role(RoleName="uploads", AssumeRolePolicyDocument=json.dumps(trusting()))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::uploads/own"}
    iam.put_role_policy(
        RoleName="uploads", PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )  # fmt: skip
    session = administrator.assuming(role)
    host = f"s3.{REGION}.amazonaws.com"
    for query, status in (("", 200), ("?x-amz-copy-source=/uploads/secret", 403)):
        request = AWSRequest("PUT", f"https://{host}/uploads/own{query}")
        S3SigV4QueryAuth(Credentials(session.key, session.secret, session.token), "s3", REGION).add_auth(
            request
        )
        url = urlsplit(request.url)
        assert _send(cloud, ("PUT", host, f"{url.path}?{url.query}", {}, ""))[0] == status
    assert s3.get_object(Bucket="uploads", Key="own")["Body"].read() == b""
