"""EKS Pod Identity: a pod's token becomes a session of the role that its service account is associated with.

Sources: EKS Auth API reference, AssumeRoleForPodIdentity; EKS user guide, "EKS Pod Identity role" (trust
policy) and "Grant pods access to AWS resources based on tags" (session tags).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import jwt

from prodfirst.access.aws import documents
from prodfirst.access.aws.deciding import Decision, decide
from prodfirst.access.aws.policies import Kind, Policies, ResourcePolicy
from prodfirst.access.aws.requests import Principal, PrincipalKind, Request, context
from prodfirst.kernel.errors import InvalidInput
from prodfirst.localcloud.aws import eks_records
from prodfirst.localcloud.aws.api import Api
from prodfirst.localcloud.aws.credentials import Credential, Registry
from prodfirst.localcloud.aws.eks_rules import Refused
from prodfirst.localcloud.aws.root import Root, RootFailure
from prodfirst.localcloud.kubernetes.cluster import Cluster
from prodfirst.localcloud.kubernetes.clusters import Clusters
from prodfirst.localcloud.kubernetes.standing_in import AUDIENCE
from prodfirst.localcloud.kubernetes.workload_tokens import InvalidToken, Unreachable, Workload, review

SESSION_SECONDS = 6 * 3600
_NAME_LIMIT = 64
_UNSUPPORTED = ("targetRoleArn", "policy")
"""Members of an association that the local cloud does not carry out, and so does not ignore."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a pod gets."""

    credential: Credential
    role_id: str
    association: Mapping[str, Any]
    workload: Workload


class PodIdentity:
    """Of all clusters of one account."""

    def __init__(self, api: Api, root: Root, registry: Registry, clusters: Clusters, account: str) -> None:
        self._api = api
        self._root = root
        self._registry = registry
        self._clusters = clusters
        self._account = account

    def cluster_of(self, token: str) -> Cluster:
        """The cluster that a token names as its issuer, not yet believed. Raises Refused."""
        try:
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except jwt.PyJWTError as error:
            raise _invalid("the token is no JSON Web Token") from error
        cluster = self._clusters.issued_by(str(issuer))
        if cluster is None:
            raise _invalid("no cluster of the account issued the token")
        return cluster

    async def assume(self, cluster: Cluster, token: str) -> Session:
        """The session of the pod that the token is of. Raises Refused."""
        workload = await self._verify(cluster, token)
        association = self._association(cluster, workload)
        tags = {} if association.get("disableSessionTags") else _tags(cluster, workload)
        role = await self._role(str(association["roleArn"]))
        self._check_trust(role, cluster, tags)
        return self._register(role, cluster, association, workload, tags)

    async def _verify(self, cluster: Cluster, token: str) -> Workload:
        api = self._clusters.client(cluster)
        if api is None:
            raise _unavailable(f"{cluster.key} does not run")
        try:
            return await review(api, token, AUDIENCE)
        except InvalidToken as error:
            raise _invalid(str(error)) from error
        except Unreachable as error:
            raise Refused(
                "ServiceUnavailableException", f"{cluster.key} does not answer: {error}", 503
            ) from error

    def _association(self, cluster: Cluster, workload: Workload) -> Mapping[str, Any]:
        wanted = (workload.namespace, workload.service_account)
        for association in eks_records.pod_identity_associations(cluster.key):
            if (association["namespace"], association["serviceAccount"]) == wanted:
                if unsupported := [name for name in _UNSUPPORTED if association.get(name)]:
                    why = f"the local cloud does not carry out `{unsupported[0]}` of an association"
                    raise Refused("InvalidRequestException", why)
                return association
        raise Refused(
            "ResourceNotFoundException",
            f"no association of cluster {cluster.name} is for service account `{workload.service_account}` "
            f"in namespace `{workload.namespace}`",
            404,
        )

    async def _role(self, arn: str) -> Mapping[str, Any]:
        try:
            found = await self._root.call("iam", "GetRole", {"RoleName": arn.rpartition("/")[2]})
        except RootFailure as error:
            raise _denied(f"the role {arn} does not exist") from error
        role: Mapping[str, Any] = found["Role"]
        if role["Arn"] != arn:
            raise _denied(f"the role {arn} does not exist")
        return role

    def _check_trust(self, role: Mapping[str, Any], cluster: Cluster, tags: Mapping[str, str]) -> None:
        """The role's trust policy must let EKS's pods take it on, and tag the session."""
        text = str(role["AssumeRolePolicyDocument"])
        try:
            trust = documents.parse("trust", unquote(text) if text.startswith("%") else text)
        except InvalidInput as error:
            raise _denied(f"the trust policy of {role['Arn']} cannot be read: {error}") from error
        keys: dict[str, str | tuple[str, ...]] = {
            "aws:SourceAccount": cluster.account,
            "aws:SourceArn": cluster.arn,
            **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
        }
        if tags:
            keys["aws:TagKeys"] = tuple(tags)
        for action in ("sts:AssumeRole", *(("sts:TagSession",) if tags else ())):
            decision = self._decide(trust, action, str(role["Arn"]), keys)
            if not decision.allowed:
                raise _denied(f"{AUDIENCE} may not {action} on {role['Arn']}, {decision.reason}")

    def _decide(
        self,
        trust: documents.Document,
        action: str,
        arn: str,
        keys: Mapping[str, str | tuple[str, ...]],
    ) -> Decision:
        principal = Principal(PrincipalKind.SERVICE, AUDIENCE)
        request = Request(principal, action, arn, context(keys), self._account)
        return decide(request, Policies(resource=ResourcePolicy(trust, required=True, kind=Kind.TRUST)))

    def _register(
        self,
        role: Mapping[str, Any],
        cluster: Cluster,
        association: Mapping[str, Any],
        workload: Workload,
        tags: Mapping[str, str],
    ) -> Session:
        from ministack.services import sts

        name = f"eks-{cluster.name}-{workload.pod}"[: _NAME_LIMIT - 9] + f"-{secrets.token_hex(4)}"
        key, secret, token = sts._gen_session_access_key(), sts._gen_secret(), sts._gen_session_token()
        principal = f"arn:aws:sts::{self._account}:assumed-role/{role['RoleName']}/{name}"
        expires = time.time() + SESSION_SECONDS
        record = {
            "Arn": principal,
            "UserId": f"{role['RoleId']}:{name}",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expires,
            "AccountId": self._account,
            "PrincipalType": "AssumedRole",
            "SessionTags": [{"Key": tag, "Value": value} for tag, value in tags.items()],
            "SessionPolicies": None,
        }
        sts.register_session(key, record)
        self._api.keep("sts", "AssumeRole")
        credential = Credential(key, secret, token, expires, principal)
        self._registry.add(credential)
        return Session(credential, f"{role['RoleId']}:{name}", association, workload)


def _tags(cluster: Cluster, workload: Workload) -> Mapping[str, str]:
    return {
        "eks-cluster-arn": cluster.arn,
        "eks-cluster-name": cluster.name,
        "kubernetes-namespace": workload.namespace,
        "kubernetes-service-account": workload.service_account,
        "kubernetes-pod-name": workload.pod,
        "kubernetes-pod-uid": workload.pod_uid,
    }


def _invalid(message: str) -> Refused:
    return Refused("InvalidTokenException", message)


def _denied(message: str) -> Refused:
    return Refused("AccessDeniedException", message, 403)


def _unavailable(message: str) -> Refused:
    return Refused("ServiceUnavailableException", message, 503)
