"""Proofs in pairs by real calls: one of each pair is let through, the other is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from prodfirst.access.proofs import Proof, ProofCall
from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.asking import DatabaseQuestion, ask
from prodfirst.adapters.aws.calling import Answer, ServiceCall, make
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.localcloud.aws.audit import entries
from prodfirst.usecases.acting import acting
from prodfirst.usecases.cluster_proofs import ClusterProofs, InCluster, MadeInCluster
from prodfirst.usecases.site import Site

Call = ServiceCall | DatabaseQuestion | InCluster


@dataclass(frozen=True, slots=True)
class Claim:
    """That one may make a call and another may not. It changes nothing that is not so already."""

    text: str
    call: Call
    may: str
    """`STACK/PHASE`, `STACK/workload` or `team:NAME`."""
    may_not: str
    refused: Call | None = None
    """What `may_not` is refused, where that is not the same call."""

    def asked(self) -> Iterator[tuple[str, Call, bool]]:
        """Who makes which call, and whether it must be allowed."""
        yield self.may, self.call, True
        yield self.may_not, self.refused or self.call, False


@dataclass(frozen=True, slots=True)
class _Made:
    """A call of AWS's API that was made."""

    who: str
    role: str
    expected: bool
    call: ServiceCall | DatabaseQuestion
    answer: Answer


def prove(site: Site, claims: tuple[Claim, ...], report: Callable[[str], None]) -> tuple[Proof, ...]:
    """Make both calls of each claim; what was decided is looked up in the audit."""
    roles: dict[str, tuple[str, AwsAccess]] = {}
    clusters = ClusterProofs(site)
    made: list[_Made | MadeInCluster] = []
    for who, call, expected in (one for claim in claims for one in claim.asked()):
        if who not in roles:
            report(f"under {who}")
            roles[who] = acting(site, who)
        role, access = roles[who]
        match call:
            case InCluster():
                made.append(clusters.make(call, who, role, access, expected=expected))
            case ServiceCall():
                made.append(_Made(who, role, expected, call, make(call, access)))
            case DatabaseQuestion():
                made.append(_Made(who, role, expected, call, ask(call, access)))
    calls = tuple(_looked_up(site, clusters, made))
    return tuple(Proof(claim.text, calls[2 * index : 2 * index + 2]) for index, claim in enumerate(claims))


def _looked_up(site: Site, clusters: ClusterProofs, made: list[_Made | MadeInCluster]) -> Iterator[ProofCall]:
    audit = _found(site, (item.answer.request for item in made if isinstance(item, _Made)))
    inside = clusters.decided(item for item in made if isinstance(item, MadeInCluster))
    for item in made:
        if isinstance(item, _Made):
            yield _call(item, audit[item.answer.request])
        else:
            yield item.proof(inside[item.answer.request])


def _found(site: Site, wanted: Iterable[str]) -> dict[str, dict[str, Any]]:
    ids = frozenset(wanted)
    found = {entry["id"]: entry for entry in entries(site.cloud.audit) if entry["id"] in ids}
    if missing := sorted(ids - found.keys()):
        raise Failure(Problem(f"the audit has no call {missing[0]}", str(site.cloud.audit)))
    return found


def _call(made: _Made, entry: dict[str, Any]) -> ProofCall:
    """Of several uses of a call, the one that was denied decides."""
    answer = made.answer
    decided: list[dict[str, str]] = entry["decided"]
    if not decided:
        raise Failure(Problem(f"the call of `{made.who}` was not decided", answer.request, answer.reason))
    by = next((item for item in decided if item["decision"] == "deny"), decided[0])
    return ProofCall(
        who=made.who,
        role=made.role,
        action=by["action"],
        resource=by["resource"],
        allowed=entry["decision"] != "deny",
        expected=made.expected,
        code=answer.code,
        statement=by["statement"],
        reason=by["reason"],
        audit=answer.request,
        command=made.call.command(),
        answer=answer.told,
    )
