"""Proofs in pairs by real signed calls: the owner's succeeds, the other's is denied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from prodfirst.access.proofs import Proof, ProofCall
from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.calling import Answer, ServiceCall, make
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.localcloud.aws.audit import entries
from prodfirst.usecases.acting import acting
from prodfirst.usecases.site import Site


@dataclass(frozen=True, slots=True)
class Claim:
    """That one may make a call and another may not. It changes nothing that is not so already."""

    text: str
    call: ServiceCall
    may: str
    """`STACK/PHASE`, or `team:NAME`."""
    may_not: str


def prove(site: Site, claims: tuple[Claim, ...], report: Callable[[str], None]) -> tuple[Proof, ...]:
    """Make both calls of each claim; what was decided is looked up in the audit."""
    roles: dict[str, tuple[str, AwsAccess]] = {}
    answers: list[tuple[Claim, str, Answer]] = []
    for claim in claims:
        for who in (claim.may, claim.may_not):
            if who not in roles:
                report(f"under {who}")
                roles[who] = acting(site, who)
            answers.append((claim, who, make(claim.call, roles[who][1])))
    audit = _found(site, (answer.request for _, _, answer in answers))
    calls = [
        _call(claim, who, roles[who][0], answer, audit[answer.request]) for claim, who, answer in answers
    ]
    return tuple(
        Proof(claim.text, tuple(calls[2 * index : 2 * index + 2])) for index, claim in enumerate(claims)
    )


def _found(site: Site, wanted: Iterable[str]) -> dict[str, dict[str, Any]]:
    ids = frozenset(wanted)
    found = {entry["id"]: entry for entry in entries(site.cloud.audit) if entry["id"] in ids}
    if missing := sorted(ids - found.keys()):
        raise Failure(Problem(f"the audit has no call {missing[0]}", str(site.cloud.audit)))
    return found


def _call(claim: Claim, who: str, role: str, answer: Answer, entry: dict[str, Any]) -> ProofCall:
    """Of several uses of a call, the one that was denied decides."""
    decided: list[dict[str, str]] = entry["decided"]
    if not decided:
        raise Failure(Problem(f"the call of `{who}` was not decided", answer.request, answer.reason))
    by = next((item for item in decided if item["decision"] == "deny"), decided[0])
    return ProofCall(
        who=who,
        role=role,
        action=by["action"],
        resource=by["resource"],
        allowed=entry["decision"] != "deny",
        expected=who == claim.may,
        code=answer.code,
        statement=by["statement"],
        reason=by["reason"],
        audit=answer.request,
        command=claim.call.command(),
    )
