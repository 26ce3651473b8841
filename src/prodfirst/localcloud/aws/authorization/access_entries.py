"""ARNs of EKS access entries: AWS's hold the principal, the API behind the gateway leaves it out.

Form at AWS: `access-entry/CLUSTER/role/ACCOUNT/NAME/ID` (Service Authorization Reference, Amazon EKS).
"""

from __future__ import annotations

_KIND = ":access-entry/"


def as_at_aws(held: str, principal: str) -> str:
    """The ARN as AWS has it, from the held one and the ARN of the principal, whose path plays no part."""
    head, _, id = held.rpartition("/")
    return "/".join((head, *in_arn(principal), id))


def in_arn(principal: str) -> tuple[str, str, str]:
    """Kind, account and name of a principal, as the ARN of its access entry holds them."""
    parts = principal.split(":", 5)
    if len(parts) < 6:
        return "*", "*", "*"
    return parts[5].split("/", 1)[0], parts[4], parts[5].rpartition("/")[2]


def as_held(arn: str) -> str:
    """The inverse; another ARN stays as it is."""
    if _KIND not in arn:
        return arn
    head, _, rest = arn.partition(_KIND)
    return f"{head}{_KIND}{rest.split('/')[0]}/{rest.rpartition('/')[2]}"
