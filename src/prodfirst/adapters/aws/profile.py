"""What the user's own AWS configuration says, without a call."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

_ACCOUNT = re.compile(r"\d{12}")
_ROLE_ACCOUNT = re.compile(r"arn:aws:iam::(\d{12}):role/")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")
"""Regions in which ARNs do not begin with `arn:aws:`."""
_NAMES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""In botocore's order."""
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True, slots=True)
class Known:
    """One thing that is known, and from where; the value is None where what is said cannot be used."""

    value: str | None
    source: str


def region() -> Known | None:
    """By AWS's own order: environment variables before the profile; None where nobody says."""
    for variable in _REGIONS:
        if said := os.environ.get(variable):
            return _usable(said, variable)
    settings, source = _profile()
    return _usable(settings["region"], source) if settings.get("region") else None


def account() -> Known | None:
    """Of single sign-on, or of the role that the profile takes on; None where the profile has neither."""
    settings, source = _profile()
    given = settings.get("sso_account_id", "")
    if _ACCOUNT.fullmatch(given):
        return Known(given, source)
    role = _ROLE_ACCOUNT.match(settings.get("role_arn", ""))
    return Known(role[1], source) if role else None


def _usable(said: str, source: str) -> Known:
    if not _REGION.fullmatch(said):
        return Known(None, f"{source} says no region of AWS")
    if said.startswith(_OTHER_PARTITIONS):
        return Known(None, f"{source} says {said}, in a partition that is not supported yet")
    return Known(said, source)


def _profile() -> tuple[Mapping[str, str], str]:
    """The settings of the profile that the AWS tools would use now, and what it is called for people."""
    name = next((os.environ[item] for item in _NAMES if os.environ.get(item)), "default")
    source = f"AWS profile `{name}`"
    if find_spec("botocore") is None:
        return {}, source
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        return Session().get_scoped_config(), source
    except BotoCoreError:
        # no such profile, or a file that is none: it says nothing
        return {}, source
