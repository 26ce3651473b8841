"""Published fields on AWS: one SSM parameter each, read under the reader's own identity."""

from __future__ import annotations

from collections.abc import Iterable

from prodfirst.adapters.aws.access import AwsAccess

_AT_ONCE = 10
"""Names in one call: Systems Manager, GetParameters."""


def published(access: AwsAccess, names: Iterable[str]) -> dict[str, str]:
    """The texts of those parameters that exist, by name."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    ssm = access.client("ssm")
    found: dict[str, str] = {}
    for begin in range(0, len(wanted), _AT_ONCE):
        answer = ssm.get_parameters(Names=wanted[begin : begin + _AT_ONCE])
        found.update({item["Name"]: item["Value"] for item in answer["Parameters"]})
    return found
