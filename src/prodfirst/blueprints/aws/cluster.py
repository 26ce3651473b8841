"""A managed Kubernetes cluster (EKS) with the defaults of production, and the entrances to it.

Who enters is decided here, by access entries; what they may do inside follows from lock files and is made by
the stack that furnishes the cluster (blueprints/kubernetes). That one's apply identity administers the
cluster: RBAC lets nobody make a role that grants more than they hold, so whoever makes everybody's roles
could hold everything anyway. It is the one declared exception, as identity's apply identity is on AWS. Nobody
else enters with one of EKS's access policies, and the creator is no administrator.

The API is reached from inside the network alone. Runners of a hosted CI are outside of it: run the jobs in
the network, or turn `endpoint.public_access` off with a reason and name `endpoint.public_access_cidrs`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws

from prodfirst.blueprints.blueprint import Blueprint, Protection, place, role_names
from prodfirst.kernel.group_names import stack_group, team_group
from prodfirst.kernel.role_names import PHASES

_ADMINISTRATOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_BEFORE_NODES: Mapping[str, str | None] = {
    # without it the cluster takes network policies and enforces none (EKS user guide, VPC CNI)
    "vpc-cni": json.dumps({"enableNetworkPolicy": "true"}),
    "kube-proxy": None,
    "eks-pod-identity-agent": None,
}
"""Add-on → its settings."""
_ON_NODES = ("coredns",)
"""Add-ons that are not active before there are nodes."""


class Cluster(Blueprint):
    """A cluster, its key, its log, a group of nodes, and an access entry for each who enters."""

    token = "prodfirst:aws:Cluster"  # noqa: S105 - Pulumi's word for the name of a type
    defaults: ClassVar[Mapping[str, Any]] = {
        "key.deletion_window_in_days": 30,
        "key.enable_key_rotation": True,
        "cluster.version": "1.35",
        "endpoint.public_access_cidrs": None,
        "log.retention_in_days": 365,
        # AL2023 nodes take IMDSv2 alone, with a hop limit of 1 (EKS user guide, AL2 to AL2023)
        "nodes.ami_type": "AL2023_x86_64_STANDARD",
        "nodes.capacity_type": "ON_DEMAND",
        "nodes.disk_size": 50,
        "nodes.instance_types": ("m7i.large",),
        "nodes.labels": None,
        "scaling.min_size": 3,
        "scaling.desired_size": 3,
        "scaling.max_size": 9,
    }
    protections: ClassVar[Mapping[str, Protection]] = {
        "key.protect": Protection(on=True, off=False, removal=True),
        "cluster.protect": Protection(on=True, off=False, removal=True),
        "cluster.deletion_protection": Protection(on=True, off=False, removal=True),
        "cluster.enabled_cluster_log_types": Protection(
            on=("api", "audit", "authenticator", "controllerManager", "scheduler"), off=()
        ),
        "upgrades.support_type": Protection(on="STANDARD", off="EXTENDED"),
        "endpoint.public_access": Protection(on=False, off=True),
    }

    def __init__(
        self,
        name: str,
        *,
        subnet_ids: Sequence[pulumi.Input[str]],
        furnished_by: str | None = None,
        stacks: Sequence[str] = (),
        teams: Sequence[str] = (),
        overrides: Mapping[str, Any] | None = None,
        unprotected: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`furnished_by`: the stack that makes namespaces and roles. `stacks`, `teams`: who else enters."""
        super().__init__(name, overrides=overrides, unprotected=unprotected, opts=opts)
        self._prefix, self._names = place().prefix, role_names()
        self._stack = pulumi.Config("prodfirst").require("stack")
        self.cluster = self._cluster(name, subnet_ids)
        self.name = self.cluster.name
        self._nodes(name, subnet_ids)
        self._entrances(furnished_by, stacks, teams)
        self.endpoint = self.cluster.endpoint
        self.certificate_authority = self.cluster.certificate_authority.data
        self.oidc_issuer = self.cluster.identities[0].oidcs[0].issuer
        self.register_outputs({})

    def _cluster(self, name: str, subnet_ids: Sequence[pulumi.Input[str]]) -> aws.eks.Cluster:
        full = f"{self._prefix}-{name}"
        key = aws.kms.Key(
            name,
            description=f"{self._prefix}: secrets of the cluster at rest",
            **self.settings("key"),
            opts=self.options("key"),
        )
        # EKS would make it itself, and keep everything for ever
        log = aws.cloudwatch.LogGroup(
            name, name=f"/aws/eks/{full}/cluster", **self.settings("log"), opts=self.options("log")
        )
        cluster = self.settings("cluster")
        return aws.eks.Cluster(
            name,
            name=full,
            role_arn=self._names.service_arn(self._stack, "control-plane"),
            vpc_config={
                "subnet_ids": list(subnet_ids),
                "endpoint_private_access": True,
                **{f"endpoint_{key}": value for key, value in self._endpoint().items()},
            },
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": False,
            },
            encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
            upgrade_policy=self.settings("upgrades"),
            bootstrap_self_managed_addons=False,
            enabled_cluster_log_types=list(cluster.pop("enabled_cluster_log_types")),
            **cluster,
            opts=self.options("cluster", after=[log]),
        )

    def _endpoint(self) -> dict[str, Any]:
        """Open to the world is no choice: who opens the endpoint says to whom."""
        endpoint = self.settings("endpoint")
        cidrs = endpoint.pop("public_access_cidrs", ())
        if endpoint["public_access"] and not cidrs:
            raise ValueError("a public endpoint needs `endpoint.public_access_cidrs`: who may reach it")
        return {**endpoint, "public_access_cidrs": list(cidrs)} if cidrs else endpoint

    def _nodes(self, name: str, subnet_ids: Sequence[pulumi.Input[str]]) -> None:
        before = [self._addon(addon, settings, []) for addon, settings in _BEFORE_NODES.items()]
        nodes = self.settings("nodes")
        group = aws.eks.NodeGroup(
            name,
            cluster_name=self.name,
            node_group_name=f"{self._prefix}-{name}",
            node_role_arn=self._names.service_arn(self._stack, "nodes"),
            subnet_ids=list(subnet_ids),
            scaling_config=self.settings("scaling"),
            instance_types=list(nodes.pop("instance_types")),
            **nodes,
            opts=self.options("nodes", after=before),
        )
        for addon in _ON_NODES:
            self._addon(addon, None, [group])

    def _addon(self, addon: str, settings: str | None, after: Sequence[pulumi.Resource]) -> aws.eks.Addon:
        return aws.eks.Addon(
            addon,
            cluster_name=self.name,
            addon_name=addon,
            configuration_values=settings,
            resolve_conflicts_on_create="OVERWRITE",
            opts=self.options("addon", after=after),
        )

    def _entrances(self, furnished_by: str | None, stacks: Sequence[str], teams: Sequence[str]) -> None:
        for stack in dict.fromkeys((*((furnished_by,) if furnished_by else ()), *stacks)):
            for phase in PHASES:
                entry = self._entry(
                    f"{stack}-{phase}", self._names.stack(stack, phase), stack_group(stack, phase)
                )
                if (stack, phase) == (furnished_by, "apply"):
                    aws.eks.AccessPolicyAssociation(
                        f"{stack}-{phase}",
                        cluster_name=self.name,
                        principal_arn=entry.principal_arn,
                        policy_arn=_ADMINISTRATOR,
                        access_scope={"type": "cluster"},
                        opts=self.options("entrance"),
                    )
        for team in teams:
            self._entry(f"team-{team}", self._names.team(team), team_group(team))

    def _entry(self, name: str, role: str, group: str) -> aws.eks.AccessEntry:
        return aws.eks.AccessEntry(
            name,
            cluster_name=self.name,
            principal_arn=self._names.arn(role),
            kubernetes_groups=[group],
            opts=self.options("entrance"),
        )
