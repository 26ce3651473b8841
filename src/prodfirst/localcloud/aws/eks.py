"""EKS at the gateway: real control planes behind the API's answers, and what the API leaves out.

The API behind the gateway keeps the records and decides IAM. Around it: a cluster's endpoint, certificate
authority, issuer, status and health are those of its control plane; deletion protection, access entries and
access policies count; updates of a cluster are made here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from prodfirst.localcloud.aws import eks_answers, eks_nodegroups, eks_records, eks_rules
from prodfirst.localcloud.aws.api import Response
from prodfirst.localcloud.aws.eks_answers import answer
from prodfirst.localcloud.aws.eks_rules import Refused
from prodfirst.localcloud.aws.eks_settings import EksSettings
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.operation import Operation
from prodfirst.localcloud.aws.signature import Request
from prodfirst.localcloud.kubernetes.cluster import Key
from prodfirst.localcloud.kubernetes.clusters import Clusters

_NO_ROUTE = b"No route for"
"""How the API behind says that it lacks an operation, once IAM has allowed it."""


class Eks:
    """The EKS API of one account."""

    def __init__(self, account: str, clusters: Clusters, settings: EksSettings) -> None:
        self._account = account
        self._clusters = clusters
        self._settings = settings

    def restore(self) -> None:
        """Start the control planes of the clusters that the API knows."""
        known = eks_records.clusters()
        self._settings.keep_only(known)
        self._clusters.restore({key: _service_range(record) for key, record in known.items()})

    async def refuse(self, host: Host, called: Operation, request: Request) -> Response | None:
        """The answer to a call that EKS refuses and the API behind would not; None for any other."""
        key = self._key(host, called)
        if called.name != "CreateCluster" and key not in eks_records.clusters():
            return None
        try:
            eks_rules.check(called, _body(request), self._settings.of(key), key)
        except Refused as refused:
            return eks_answers.refusal(refused)
        return None

    async def complete(self, host: Host, called: Operation, request: Request, response: Response) -> Response:
        """The answer as EKS gives it; what the call means for a control plane is begun or done."""
        key = self._key(host, called)
        if called.name == "CreateCluster":
            key = Key(key.account, key.region, str(_body(request).get("name", "")))
        if response.status == 400 and response.body.startswith(b"{") and _NO_ROUTE in response.body:
            return self._own(key, called, request) or response
        if response.status != 200:
            return response
        content = json.loads(response.body)
        if called.name == "CreateNodegroup":
            name = content["nodegroup"]["nodegroupName"]
            content["nodegroup"] = eks_nodegroups.created(key, name, _body(request))
        if "update" in content:
            self._settings.note(key, content["update"])
        if "accessEntry" in content:
            eks_answers.complete_entry(content["accessEntry"])
        if "cluster" in content:
            await self._cluster_call(key, called, request, content["cluster"])
        elif called.name in eks_rules.CHANGES_ACCESS:
            await self._clusters.bring_in_step(key)
        return answer(200, content)

    async def _cluster_call(
        self, key: Key, called: Operation, request: Request, shown: dict[str, Any]
    ) -> None:
        if called.name == "CreateCluster":
            self._settings.begin(key, _body(request))
            self._clusters.create(key, _service_range(shown))
        cluster = await self._clusters.find(key)
        authority = self._clusters.authority(cluster) if cluster else b""
        eks_answers.complete_cluster(shown, self._settings.of(key), cluster, authority, key)
        if called.name == "DeleteCluster":
            shown["status"] = "DELETING"
            self._settings.forget(key)
            await self._clusters.delete(key)

    def _own(self, key: Key, called: Operation, request: Request) -> Response | None:
        """The answer of an operation that the API behind lacks."""
        if key not in eks_records.clusters():
            return eks_answers.refusal(
                Refused("ResourceNotFoundException", f"No cluster found for name: {key.name}.", 404)
            )
        try:
            match called.name:
                case "UpdateClusterConfig":
                    changes = eks_rules.config_changes(_body(request), self._settings.of(key))
                    return answer(200, {"update": self._settings.change(key, changes)})
                case "UpdateClusterVersion":
                    changes = eks_rules.version_change(_body(request), self._settings.of(key))
                    return answer(200, {"update": self._settings.change(key, changes)})
                case "UpdateNodegroupConfig" | "UpdateNodegroupVersion":
                    name = called.parameters.get("nodegroupName", "")
                    changed = eks_nodegroups.updated(key, called.name, name, _body(request))
                    return answer(200, {"update": self._settings.note(key, changed)})
                case "ListUpdates":
                    return answer(200, {"updateIds": list(self._settings.updates(key))})
                case "DescribeUpdate":
                    return self._update(key, called.parameters["updateId"])
        except Refused as refused:
            return eks_answers.refusal(refused)
        return None

    def _update(self, key: Key, id: str) -> Response:
        update = self._settings.updates(key).get(id)
        if update is None:
            raise Refused("ResourceNotFoundException", f"No update found for ID: {id}", 404)
        return answer(200, {"update": update})

    def _key(self, host: Host, called: Operation) -> Key:
        name = called.parameters.get("clusterName") or called.parameters.get("name", "")
        return Key(self._account, host.region, name)


def _service_range(record: Mapping[str, Any]) -> str:
    return str(record["kubernetesNetworkConfig"]["serviceIpv4Cidr"])


def _body(request: Request) -> Mapping[str, Any]:
    """The request's JSON object; empty where there is none."""
    try:
        content = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
