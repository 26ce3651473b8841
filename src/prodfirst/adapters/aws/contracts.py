"""Published fields on AWS: one SSM parameter each, read under the reader's own identity."""

from __future__ import annotations

from collections.abc import Iterable

from botocore.exceptions import ClientError

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.state_store import error_code


def published(access: AwsAccess, names: Iterable[str]) -> dict[str, str]:
    """The texts of those parameters that exist, by name."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    ssm = access.client("ssm")
    found: dict[str, str] = {}
    for name in wanted:
        try:
            found[name] = str(ssm.get_parameter(Name=name)["Parameter"]["Value"])
        except ClientError as error:
            if error_code(error) != "ParameterNotFound":
                raise
    return found
