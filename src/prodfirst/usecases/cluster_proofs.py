"""The half of proofs that is decided inside of a cluster: by RBAC, or by what its API admits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prodfirst.access.proofs import ProofCall
from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.kubernetes.calling import (
    ClusterAnswer,
    ClusterCall,
    ClusterPlace,
    enter,
    make,
    place_of,
)
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.localcloud.kubernetes.audit import Decision, decisions
from prodfirst.providers.kubernetes.client import Client
from prodfirst.usecases.site import Site


@dataclass(frozen=True, slots=True)
class InCluster:
    """A call of the API of the EKS cluster with this name; a dry run, which is decided and not kept."""

    cluster: str
    call: ClusterCall


@dataclass(frozen=True, slots=True)
class MadeInCluster:
    """One that was made."""

    who: str
    role: str
    expected: bool
    call: ClusterCall
    place: ClusterPlace
    answer: ClusterAnswer

    def proof(self, decision: Decision) -> ProofCall:
        """With what the cluster's audit says. What no role allows, or what is not admitted, is denied."""
        answer = self.answer
        admitted = not (decision.allowed and answer.refused)
        statement = (
            decision.reason.removeprefix("RBAC: ") if admitted else _admission(decision, answer.reason)
        )
        return ProofCall(
            who=self.who,
            role=self.role,
            action=f"kubernetes:{decision.verb}",
            resource=decision.resource,
            allowed=decision.allowed and admitted,
            expected=self.expected,
            code=answer.code,
            statement=statement,
            reason=answer.reason or decision.reason,
            audit=answer.request,
            command=self.call.command(self.place.arn),
            input=self.call.input,
            cluster=self.place.name,
        )


def _admission(decision: Decision, reason: str) -> str:
    """What did not admit an object. Others than Pod Security name themselves in the reason alone."""
    level = decision.pod_security
    if not level or f'PodSecurity "{level}"' not in reason:
        return "admission"
    return f"Pod Security `{level}` of namespace `{decision.resource.split('/')[2]}`"


class ClusterProofs:
    """Calls of clusters of one environment; each identity enters a cluster once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._places: dict[str, ClusterPlace] = {}
        self._clients: dict[tuple[str, str], Client] = {}

    def make(
        self, asked: InCluster, who: str, role: str, access: AwsAccess, *, expected: bool
    ) -> MadeInCluster:
        """Make a call under an identity; that it is refused is an answer too."""
        name = asked.cluster
        if name not in self._places:
            self._places[name] = place_of(name, self._site.operator)
        place = self._places[name]
        if (name, who) not in self._clients:
            self._clients[name, who] = enter(place, access)
        answer = make(asked.call, self._clients[name, who])
        return MadeInCluster(who, role, expected, asked.call, place, answer)

    def decided(self, made: Iterable[MadeInCluster]) -> Mapping[str, Decision]:
        """What the clusters' audits say, by the ids of the calls. Raises Failure where one is missing."""
        wanted: dict[str, set[str]] = {}
        for item in made:
            wanted.setdefault(item.place.name, set()).add(item.answer.request)
        found: dict[str, Decision] = {}
        for cluster in self._site.cloud.clusters():
            if cluster.region == self._site.environment.region and cluster.name in wanted:
                found |= decisions(self._site.cloud.cluster_audit(cluster), wanted[cluster.name])
        if missing := sorted({id for ids in wanted.values() for id in ids} - found.keys()):
            raise Failure(Problem(f"the audit of the cluster has no call `{missing[0]}`"))
        return found
