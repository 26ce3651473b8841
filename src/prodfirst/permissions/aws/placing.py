"""Where the policies of a role that bootstrap makes are kept: inside of it, or as managed ones beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prodfirst.permissions.policies import Policy, text

INLINE_LIMIT = 10_240
"""Characters of all inline policies of one role together (IAM quotas)."""
_INLINE_NAME = "prodfirst"


@dataclass(frozen=True, slots=True)
class Placed:
    """By name. One of the two is empty."""

    inline: Mapping[str, Policy]
    managed: Mapping[str, Policy]


def placed(role: str, documents: Sequence[Policy]) -> Placed:
    """Inline where all fit together; managed policies bear the role's name."""
    if sum(len(text(document)) for document in documents) <= INLINE_LIMIT:
        return Placed({f"{_INLINE_NAME}-{number}": item for number, item in enumerate(documents, 1)}, {})
    return Placed({}, {f"{role}-{number}": item for number, item in enumerate(documents, 1)})
