"""All policies that have a say in a request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from prodfirst.access.aws.documents import Document


class Kind(Enum):
    """The kinds of policies, in AWS's words; the order is that in which a refusal names them."""

    ORGANIZATION = "service control policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"

    @property
    def article(self) -> str:
        """`a` or `an`."""
        return "an" if self.value[0] in "aeiou" else "a"


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """The policy of the resource itself."""

    document: Document
    required: bool = False
    """True where nothing is allowed without it: the key policy of a KMS key, the trust policy of a role."""
    kind: Kind = Kind.RESOURCE


@dataclass(frozen=True, slots=True)
class Policies:
    """What decides; empty where there is none of a kind."""

    identity: tuple[Document, ...] = ()
    boundary: Document | None = None
    session: tuple[Document, ...] | None = None
    """Together they are one limit; None for a session without any."""
    resource: ResourcePolicy | None = None
    organization: tuple[tuple[Document, ...], ...] = ()
    """One set for each level from the root to the account: the policies of a level are alternatives, and
    every level must allow."""
