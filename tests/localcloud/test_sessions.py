"""Sessions of roles: how long they may last, and what a second factor opens. By AWS's documented rules."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from local_callers import ACCOUNT, Caller

from prodfirst.localcloud.aws.authorization.factors import STEP_SECONDS, Factors, WrongFactor

_ASSUMES = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}


def _trust(*conditions: dict[str, Any]) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
        **({"Condition": conditions[0]} if conditions else {}),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def person(administrator: Caller) -> Iterator[Caller]:
    """A user who may take on roles that trust the account."""
    iam = administrator.client("iam")
    iam.create_user(UserName="person")
    document = json.dumps({"Version": "2012-10-17", "Statement": [_ASSUMES]})
    iam.put_user_policy(UserName="person", PolicyName="assume", PolicyDocument=document)
    key = iam.create_access_key(UserName="person")["AccessKey"]
    yield Caller(administrator.environment, key["AccessKeyId"], key["SecretAccessKey"])
    iam.delete_access_key(UserName="person", AccessKeyId=key["AccessKeyId"])


@pytest.fixture(scope="module")
def role(administrator: Caller) -> str:
    """A role with sessions of two hours at most."""
    made = administrator.client("iam").create_role(
        RoleName="two-hours", AssumeRolePolicyDocument=_trust(), MaxSessionDuration=7200
    )
    return str(made["Role"]["Arn"])


def _refusal(caller: Caller, role: str, seconds: int) -> tuple[str, str]:
    """Code and message; the client would refuse some of these values itself."""
    with pytest.raises(ClientError) as raised:
        caller.client("sts", parameter_validation=False).assume_role(
            RoleArn=role, RoleSessionName="test", DurationSeconds=seconds
        )
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize("seconds", [900, 7200])
def test_a_session_lasts_from_15_minutes_to_what_the_role_says(
    person: Caller, role: str, seconds: int
) -> None:
    before = time.time()
    made = person.client("sts").assume_role(RoleArn=role, RoleSessionName="test", DurationSeconds=seconds)
    assert made["Credentials"]["Expiration"].timestamp() == pytest.approx(before + seconds, abs=30)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (899, "Member must have value greater than or equal to 900"),
        (43_201, "Member must have value less than or equal to 43200"),
        (7201, "exceeds the MaxSessionDuration set for this role"),
    ],
)
def test_a_shorter_or_longer_session_is_refused(person: Caller, role: str, seconds: int, told: str) -> None:
    code, message = _refusal(person, role, seconds)
    assert code == "ValidationError"
    assert told in message


def test_a_role_that_a_role_takes_on_lasts_an_hour_at_most(
    administrator: Caller, person: Caller, role: str
) -> None:
    iam = administrator.client("iam")
    iam.put_role_policy(
        RoleName="two-hours",
        PolicyName="assume",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [_ASSUMES]}),
    )
    first = person.assuming(role)
    again = first.client("sts").assume_role(RoleArn=role, RoleSessionName="test", DurationSeconds=3600)
    assert again["Credentials"]["AccessKeyId"]
    assert "role chaining" in _refusal(first, role, 3601)[1]


def test_iam_takes_no_role_with_sessions_of_less_than_an_hour(administrator: Caller) -> None:
    iam = administrator.client("iam", parameter_validation=False)
    with pytest.raises(ClientError, match="greater than or equal to 3600"):
        iam.create_role(RoleName="short", AssumeRolePolicyDocument=_trust(), MaxSessionDuration=900)


@pytest.fixture(scope="module")
def guarded(administrator: Caller) -> str:
    """A role that asks for a second factor of the last minutes."""
    trust = _trust(
        {
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "NumericLessThanEquals": {"aws:MultiFactorAuthAge": "900"},
        }
    )
    made = administrator.client("iam").create_role(RoleName="guarded", AssumeRolePolicyDocument=trust)
    return str(made["Role"]["Arn"])


def _device(administrator: Caller, user: str, name: str) -> tuple[str, bytes]:
    """Serial number and key of a virtual device that is enabled for a user."""
    iam = administrator.client("iam")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    key = base64.b32decode(device["Base32StringSeed"])
    serial = str(device["SerialNumber"])
    now = int(time.time())
    codes = {f"AuthenticationCode{n}": _code(key, now + STEP_SECONDS * (n - 2)) for n in (1, 2)}
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes)
    return serial, key


def _code(key: bytes, at: float) -> str:
    return TOTP(key, 6, SHA1(), STEP_SECONDS, enforce_key_length=False).generate(int(at)).decode()  # noqa: S303


def _with_factor(caller: Caller, role: str, serial: str, code: str) -> str:
    """Who the caller becomes, or AWS's code for why not."""
    try:
        made = caller.client("sts").assume_role(
            RoleArn=role, RoleSessionName="test", SerialNumber=serial, TokenCode=code
        )
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return str(made["AssumedRoleUser"]["Arn"])


def test_a_second_factor_opens_the_role_once_for_each_code(
    administrator: Caller, person: Caller, guarded: str
) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        person.client("sts").assume_role(RoleArn=guarded, RoleSessionName="test")
    serial, key = _device(administrator, "person", "persons")
    assert _with_factor(person, guarded, serial, "000000") == "AccessDenied"
    code = _code(key, time.time())
    assert _with_factor(person, guarded, serial, code).endswith("assumed-role/guarded/test")
    assert _with_factor(person, guarded, serial, code) == "AccessDenied"


def test_the_factor_of_somebody_else_opens_nothing(
    administrator: Caller, person: Caller, guarded: str, role: str
) -> None:
    administrator.client("iam").create_user(UserName="other")
    serial, key = _device(administrator, "other", "others")
    assert _with_factor(person, guarded, serial, _code(key, time.time())) == "AccessDenied"
    # as AWS does it, also where the role asks for none
    assert _with_factor(person, role, serial, _code(key, time.time())) == "AccessDenied"


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, of its 8 digits the last 6."""
    seed = base64.b32encode(b"12345678901234567890").decode()
    for at, code in ((59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")):
        given = {"SerialNumber": "s", "TokenCode": code}
        assert _at(at).check(given, seed)
        with pytest.raises(WrongFactor):
            _at(at + 3 * STEP_SECONDS).check(given, seed)


def _at(seconds: int) -> Factors:
    return Factors(lambda: seconds)
