"""A token for an EKS cluster is what the `aws` command prints; where that cannot be, the command is run."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from prodfirst.providers.kubernetes import eks_token

_KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "a/session+token==",
}
_COMMAND = ("--region", "eu-central-1", "eks", "get-token", "--cluster-name", "main", "--output", "json")


def _url(token: str) -> str:
    assert token.startswith("k8s-aws-v1.")
    text = token.removeprefix("k8s-aws-v1.")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "us-gov-west-1", "cn-north-1"])
def test_it_asks_what_the_command_s_asks(region: str, tmp_path: Path) -> None:
    arguments = ("--region", region, *_COMMAND[2:])
    environment = {
        **_KEYS,
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
    }
    aws = str(Path(sys.executable).with_name("aws"))
    ran = subprocess.run([aws, *arguments], env=environment, capture_output=True, check=True)
    theirs = urlsplit(_url(json.loads(ran.stdout)["status"]["token"]))
    made = eks_token.by_keys("aws", arguments, _KEYS)
    assert made is not None
    ours = urlsplit(_url(made))
    assert (ours.scheme, ours.netloc, ours.path) == (theirs.scheme, theirs.netloc, theirs.path)
    assert _asked(ours.query) == _asked(theirs.query)


def _asked(query: str) -> Mapping[str, list[str]]:
    """Without what differs from second to second."""
    asked = parse_qs(query)
    assert len(asked.pop("X-Amz-Signature")[0]) == 64
    assert len(asked.pop("X-Amz-Date")[0]) == len("20260101T000000Z")
    asked["X-Amz-Credential"] = [re.sub(r"/\d{8}/", "/DAY/", asked["X-Amz-Credential"][0])]
    return asked


@pytest.mark.parametrize(
    ("command", "arguments", "environment"),
    [
        ("/opt/aws", _COMMAND, {}),
        ("aws-iam-authenticator", _COMMAND, {}),
        ("aws", _COMMAND[2:], {}),
        ("aws", (*_COMMAND, "--role-arn", "arn:aws:iam::111122223333:role/other"), {}),
        ("aws", (*_COMMAND, "--profile", "other"), {}),
        ("aws", (*_COMMAND[:-1], "text"), {}),
        ("aws", ("--region", "eu-central-1", "sts", "get-token", "--cluster-name", "main"), {}),
        ("aws", ("--region", "us-iso-east-1", *_COMMAND[2:]), {}),
        ("aws", _COMMAND, {"AWS_USE_FIPS_ENDPOINT": "true"}),
        ("aws", _COMMAND, {"AWS_PROFILE": "other"}),
        ("aws", _COMMAND, {"AWS_ENDPOINT_URL_STS": "https://sts.example.com"}),
        ("aws", _COMMAND, {"AWS_SECRET_ACCESS_KEY": ""}),
    ],
)
def test_every_other_command_is_run(
    command: str, arguments: tuple[str, ...], environment: Mapping[str, str]
) -> None:
    assert eks_token.by_keys(command, arguments, {**_KEYS, **environment}) is None
