"""The gateway's decision on a call, the local API's own beside it, and what the audit keeps of both."""

from __future__ import annotations

from prodfirst.kernel.errors import InvalidInput
from prodfirst.localcloud.aws import operation, refusals
from prodfirst.localcloud.aws.audit import Entry
from prodfirst.localcloud.aws.authorization import disagreements, documents, durations
from prodfirst.localcloud.aws.authorization.authorizer import Answer, Authorizer, Verdict
from prodfirst.localcloud.aws.authorization.calls import Keys
from prodfirst.localcloud.aws.authorization.factors import WrongFactor
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.operation import Operation
from prodfirst.localcloud.aws.opinion import Opinion, asked
from prodfirst.localcloud.aws.signature import Denied, Request
from prodfirst.localcloud.aws.webidentity import WebIdentity

_UNREADABLE = {"ec2": "UnknownParameter", "query": "ValidationError", "json": "SerializationException"}
_WRONG_FACTOR = "MultiFactorAuthentication failed with invalid MFA one time pass code."
_CLAIMS = ("aud", "sub", "azp", "amr")
"""Claims that are condition keys (IAM User Guide, "Available keys for AWS web identity federation")."""


class Decisions:
    """Decides every call to one account."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._authorizer = Authorizer(account)

    def check(self, request: Request, host: Host, called: Operation, key: str, entry: Entry) -> Verdict:
        """Let a signed call pass; returns why. Raises Denied, in AWS's words, where its caller may not."""
        _check_readable(host, called)
        agent = request.headers.get("user-agent", "")
        try:
            verdict = self._authorizer.decide(
                key, called.service, called.name, called.input, host.region, agent
            )
        except KeyError as error:
            raise Denied("InvalidClientTokenId", "whom the access key stood for is gone") from error
        except WrongFactor as error:
            raise Denied("AccessDenied", _WRONG_FACTOR) from error
        except InvalidInput as error:
            raise Denied("AccessDenied", f"a policy that counts cannot be read: {error}") from error
        entry.caller(verdict.caller)
        self._settle(host, verdict, entry, key)
        # as AWS does it: who may not make the call does not hear what is wrong with its policy
        if wrong := documents.wrong(called.service, called.input):
            raise Denied("MalformedPolicyDocument", wrong, 400)
        self._check_duration(called, verdict)
        return verdict

    def check_web(self, host: Host, called: Operation, identity: WebIdentity, entry: Entry) -> Verdict:
        """Let a verified token's call pass; returns why. Raises Denied."""
        _check_readable(host, called)
        claims: Keys = {
            f"{identity.host}:{claim}": str(value)
            for claim in _CLAIMS
            if (value := identity.claims.get(claim)) is not None
        }
        verdict = self._authorizer.decide_web(
            identity.provider, claims, called.name, called.input, host.region
        )
        self._settle(host, verdict, entry, "")
        self._check_duration(called, verdict)
        return verdict

    def _check_duration(self, called: Operation, verdict: Verdict) -> None:
        longest = self._authorizer.longest_session
        if wrong := durations.wrong(called.service, called.name, called.input, verdict.caller, longest):
            raise Denied("ValidationError", wrong, 400)

    def _settle(self, host: Host, verdict: Verdict, entry: Entry, key: str) -> Verdict:
        entry.decided = [_noted(answer) for answer in verdict.answers]
        refused = verdict.refused
        if refused is None:
            return verdict
        if key and not refused.action.startswith("sts:"):  # a trust policy is looked at within a call alone
            self._compare(host, refused, entry, key)
        raise refusals.denied(host, verdict.caller, refused)

    def _compare(self, host: Host, refused: Answer, entry: Entry, key: str) -> None:
        region = host.region or "us-east-1"
        keys = refused.context.values
        own = asked(key, self._account, region, refused.action, refused.resource, keys)
        if own.allowed:
            entry.disagreement = _disagreement(own, "")


def compare(own: list[Opinion], verdict: Verdict, entry: Entry) -> None:
    """Note where the API itself would have denied what the gateway allowed, with AWS's rule."""
    denied = next((opinion for opinion in own if not opinion.allowed), None)
    if denied is not None:
        policies = [answer.policies for answer in verdict.answers]
        resources = frozenset(answer.resource for answer in verdict.answers)
        rule = disagreements.cited(denied.action, denied.resource, policies, resources)
        entry.disagreement = _disagreement(denied, rule)


def _check_readable(host: Host, called: Operation) -> None:
    if not called.name:
        raise Denied("InvalidAction", "the request names no operation of the service, or more than one")
    if called.unreadable:
        code = _UNREADABLE.get(operation.protocol(host), "InvalidRequest")
        raise Denied(code, called.unreadable, 400)


def _noted(answer: Answer) -> dict[str, str]:
    by = answer.decision.statement
    return {
        "action": answer.action,
        "resource": answer.resource,
        "decision": "allow" if answer.decision.allowed else "deny",
        "statement": str(by) if by else "",
        "reason": answer.decision.reason,
    }


def _disagreement(own: Opinion, rule: str) -> dict[str, str]:
    """The gateway decided the opposite of what the API says."""
    return {
        "action": own.action,
        "resource": own.resource,
        "gateway": "deny" if own.allowed else "allow",
        "api": "allow" if own.allowed else "deny",
        "rule": rule,
    }
