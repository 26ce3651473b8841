"""Proofs of who may do what, in pairs: what is let through, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProofCall:
    """One real call, as the audit has it."""

    who: str
    """`STACK/PHASE`, with `workload` for an application's pods, or `team:NAME`."""
    role: str
    """ARN of the role that it was made under."""
    action: str
    """AWS's, or `kubernetes:VERB` as lock files write it."""
    resource: str
    """ARN, or `*` where the action takes none; of a cluster's `GROUP/PLURAL/NAMESPACE/NAME`."""
    allowed: bool
    expected: bool
    """Whether it must be allowed."""
    code: str
    """The cloud's word for its refusal, or for what else went wrong; empty where it succeeded."""
    statement: str
    """What decided, empty where nothing allows the call: policy and Sid; in a cluster role and binding, or
    what does not admit the object."""
    reason: str
    audit: str
    """Id of the call in the audit."""
    command: tuple[str, ...]
    """The same call by the ordinary `aws` or `kubectl`."""
    input: str = ""
    """What the command reads."""
    cluster: str = ""
    """Whose API was called; empty for AWS's."""
    answer: str = ""
    """What came of it, where that is the point."""

    @property
    def right(self) -> bool:
        """Whether the decision is the one that must be, and an allowed call succeeded."""
        return self.allowed == self.expected and bool(self.code) is not self.expected


@dataclass(frozen=True, slots=True)
class Proof:
    """A claim, and the calls that show it: the one that must be allowed, then the other."""

    claim: str
    calls: tuple[ProofCall, ...]

    @property
    def holds(self) -> bool:
        """Whether all was decided as claimed."""
        return all(call.right for call in self.calls)


@dataclass(frozen=True, slots=True)
class Deployer:
    """Who last wrote the state of a deployment, as the audit has it."""

    deployment: str
    """`STACK/ENVIRONMENT`."""
    principal: str
    """ARN of the session that wrote."""
    subject: str
    """Of the CI job whose token opened the role; empty where no token did."""
    plan: str
    """Digest of the deployment's plan that was applied last; empty where the journal knows none."""
    calls: int
    """Allowed calls of the session."""
    refused: int
    """Refused calls of the session."""
    written: float
    """When the state was written, in seconds since 1970."""
    audit: str
    """Id of that write in the audit."""
    own: bool
    """Whether the principal is the deployment's own apply identity."""
