"""How long sessions may last: STS's and IAM's own limits, which the API behind does not hold.

Source: STS API reference, AssumeRole, AssumeRoleWithWebIdentity, GetSessionToken, `DurationSeconds`; IAM API
reference, CreateRole, UpdateRole, `MaxSessionDuration`; IAM User Guide, "Role chaining".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

DEFAULT_SECONDS = 3600
CHAINED_SECONDS = 3600
"""The longest session of a role that a role takes on."""
_CHAINED = " for roles assumed by role chaining"
_RANGES = {
    ("sts", "AssumeRole", "DurationSeconds"): (900, 43_200),
    ("sts", "AssumeRoleWithWebIdentity", "DurationSeconds"): (900, 43_200),
    ("sts", "GetSessionToken", "DurationSeconds"): (900, 129_600),
    ("iam", "CreateRole", "MaxSessionDuration"): (3600, 43_200),
    ("iam", "UpdateRole", "MaxSessionDuration"): (3600, 43_200),
}
"""(service, operation, parameter) → least and most seconds."""


def wrong(
    service: str,
    operation: str,
    given: Mapping[str, Any],
    caller: str,
    longest: Callable[[str], int],
) -> str:
    """What AWS says is wrong with the duration that a call asks for; empty where nothing is.

    `caller` is the ARN of who asks, `longest` gives the `MaxSessionDuration` of a role by its ARN.
    """
    for (of, name, parameter), (least, most) in _RANGES.items():
        if (of, name) == (service, operation) and parameter in given:
            seconds = int(given[parameter])
            if seconds < least:
                return _invalid(parameter, seconds, f"greater than or equal to {least}")
            if seconds > most:
                return _invalid(parameter, seconds, f"less than or equal to {most}")
    if service != "sts" or operation not in ("AssumeRole", "AssumeRoleWithWebIdentity"):
        return ""
    seconds = int(given.get("DurationSeconds", DEFAULT_SECONDS))
    if ":assumed-role/" in caller and seconds > CHAINED_SECONDS:
        return f"The requested DurationSeconds exceeds the 1 hour session limit{_CHAINED}"
    if seconds > longest(str(given.get("RoleArn", ""))):
        return "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    return ""


def _invalid(parameter: str, seconds: int, bound: str) -> str:
    member = parameter[0].lower() + parameter[1:]
    return (
        f"1 validation error detected: Value '{seconds}' at '{member}' failed to satisfy constraint: "
        f"Member must have value {bound}"
    )
