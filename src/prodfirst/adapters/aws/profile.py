"""What the user's own AWS configuration says, without a call."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec

_ACCOUNT = re.compile(r"^\d{12}$")
_ROLE_ACCOUNT = re.compile(r"^arn:aws:iam::(\d{12}):role/")


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile that the AWS tools would use now; None is what it does not say."""

    name: str
    region: str | None = None
    account: str | None = None


def profile() -> Profile:
    """By botocore, so by AWS's own rules: environment variables before the file, `AWS_PROFILE` chooses."""
    name = os.environ.get("AWS_PROFILE") or "default"
    if find_spec("botocore") is None:
        return Profile(name, os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        settings = Session().get_scoped_config()
    except BotoCoreError:
        # no such profile, or a file that is none: it says nothing; what the environment says still counts
        settings = {}
    return Profile(name, _region(settings), _account(settings))


def _region(settings: dict[str, str]) -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or settings.get("region")


def _account(settings: dict[str, str]) -> str | None:
    """Of single sign-on, or of the role that the profile takes on."""
    given = settings.get("sso_account_id", "")
    if _ACCOUNT.match(given):
        return given
    role = _ROLE_ACCOUNT.match(settings.get("role_arn", ""))
    return role[1] if role else None
