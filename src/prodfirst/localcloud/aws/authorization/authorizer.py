"""Decides calls: every use of an action that a call stands for, by the evaluator of `access/aws`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prodfirst.access.aws.deciding import Decision, decide
from prodfirst.access.aws.policies import Kind, Policies
from prodfirst.access.aws.requests import Context, Principal, PrincipalKind, Request
from prodfirst.localcloud.aws.authorization import contexts, uses
from prodfirst.localcloud.aws.authorization.calls import Call, Keys, Use
from prodfirst.localcloud.aws.authorization.factors import FRESH, Factors
from prodfirst.localcloud.aws.authorization.identities import Identities, Identity
from prodfirst.localcloud.aws.authorization.state import State

_OPEN = Decision(True, "AWS asks no permission for this call")
_GLOBAL_REGION = "us-east-1"
"""Where requests to a global endpoint are made."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One use of an action, and its decision."""

    action: str
    resource: str
    decision: Decision
    context: Context = field(default_factory=Context)
    policies: Policies = field(default_factory=Policies)
    """All that counted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on a whole call: all of its uses must be allowed."""

    caller: str
    """The ARN of who asks."""
    answers: tuple[Answer, ...]

    @property
    def allowed(self) -> bool:
        """Whether the call may be made."""
        return all(answer.decision.allowed for answer in self.answers)

    @property
    def refused(self) -> Answer | None:
        """The first use that is not allowed."""
        return next((answer for answer in self.answers if not answer.decision.allowed), None)


class Authorizer:
    """Decides every call to one account."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._state = State(account)
        self._identities = Identities(self._state, account)
        self._factors = Factors()

    def decide(
        self, key: str, service: str, operation: str, input: Mapping[str, Any], region: str, agent: str = ""
    ) -> Verdict:
        """The verdict on a call with an access key. Raises KeyError where the key is nobody's, WrongFactor
        where the call brings a second factor that is not the caller's."""
        identity = self._identities.of(key)
        if (service, operation) == ("sts", "AssumeRole"):
            seed = self._state.factor_seed(str(input.get("SerialNumber", "")), identity.principal.arn)
            if self._factors.check(input, seed):
                identity = replace(identity, keys={**identity.keys, **FRESH})
        return self._verdict(identity, service, operation, input, region, agent)

    def longest_session(self, role: str) -> int:
        """Seconds that a session of a role (an ARN) may last."""
        return self._state.longest_session(role)

    def decide_web(
        self, provider: str, claims: Keys, operation: str, input: Mapping[str, Any], region: str
    ) -> Verdict:
        """The verdict on a call of a web identity: its provider's ARN, and the keys of its claims."""
        principal = Principal(PrincipalKind.WEB, provider, self._account)
        identity = Identity(principal, Policies(), {"aws:FederatedProvider": provider, **claims})
        return self._verdict(identity, "sts", operation, input, region, "")

    def _verdict(
        self,
        identity: Identity,
        service: str,
        operation: str,
        input: Mapping[str, Any],
        region: str,
        agent: str,
    ) -> Verdict:
        caller = identity.principal.arn
        call = Call(service, operation, input, region or _GLOBAL_REGION, self._account, caller, self._state)
        if uses.needs_none(call):
            return Verdict(caller, (Answer(f"{service}:{operation}", "*", _OPEN),))
        return Verdict(caller, tuple(self._answer(identity, call, use, agent) for use in uses.of(call)))

    def _answer(self, identity: Identity, call: Call, use: Use, agent: str) -> Answer:
        policy = self._state.policy(use.resource)
        if policy is not None and policy.kind is Kind.TRUST and call.service != "sts":
            policy = None  # who may take on a role says nothing of who may change it
        request = Request(
            identity.principal,
            use.action,
            use.resource,
            contexts.of(call, use, identity.keys, agent),
            self._account,
        )
        policies = replace(identity.policies, resource=policy)
        return Answer(use.action, use.resource, decide(request, policies), request.context, policies)
