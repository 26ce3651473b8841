"""A team's part of a cluster: a namespace with limits, closed to the network, and who may do what in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pulumi
import pulumi_kubernetes as k8s

from prodfirst.blueprints.blueprint import Blueprint, Protection
from prodfirst.blueprints.kubernetes.objects import TEAM_LABEL, metadata
from prodfirst.blueprints.kubernetes.stack_roles import StackRoles, asked_for
from prodfirst.kernel.group_names import RBAC, team_group
from prodfirst.kernel.role_names import PHASES
from prodfirst.permissions.kubernetes_people import DONE, READING, SEEN

_DNS = ("UDP", "TCP")


class TeamSpace(Blueprint):
    """A namespace by the team's name. What is in it is limited by defaults that are overridden by name."""

    token = "prodfirst:kubernetes:TeamSpace"  # noqa: S105 - Pulumi's word for the name of a type
    defaults: ClassVar[Mapping[str, Any]] = {
        "pod_security.version": "v1.35",
        "quota.requests.cpu": "8",
        "quota.requests.memory": "16Gi",
        "quota.limits.cpu": "16",
        "quota.limits.memory": "32Gi",
        "quota.pods": "50",
        "quota.persistentvolumeclaims": "10",
        "quota.services.loadbalancers": "0",
        "quota.services.nodeports": "0",
        "container.default": {"cpu": "500m", "memory": "512Mi"},
        "container.default_request": {"cpu": "100m", "memory": "128Mi"},
        "container.max": {"cpu": "4", "memory": "8Gi"},
    }
    protections: ClassVar[Mapping[str, Protection]] = {
        "namespace.protect": Protection(on=True, off=False, removal=True),
        "pod_security.enforce": Protection(on="restricted", off="baseline"),
        "network.default_deny": Protection(on=True, off=False),
    }

    def __init__(
        self,
        team: str,
        *,
        cluster: k8s.Provider,
        stacks: Sequence[str],
        locks: Path,
        overrides: Mapping[str, Any] | None = None,
        unprotected: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`stacks` deploy here, with what their lock files in `locks` say of this namespace."""
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[cluster]))
        super().__init__(team, overrides=overrides, unprotected=unprotected, opts=own)
        self.namespace = team
        made = self._namespace(team)
        self._inside = self.options("space", after=[made])
        self._limits()
        self._network()
        self._people(team)
        this = pulumi.Config("prodfirst").require("stack")
        for name, listed, phases in (
            (team, stacks, PHASES),
            (f"{team}-{this}", [this], ("plan",)),
        ):
            StackRoles(name, namespace=team, stacks=listed, locks=locks, phases=phases, opts=self._inside)
        for stack in stacks:
            if others := sorted(asked_for(locks, stack) - {team}):
                pulumi.log.warn(f"stack `{stack}` is not given what its lock asks for in {', '.join(others)}")
        self.register_outputs({})

    def _namespace(self, team: str) -> k8s.core.v1.Namespace:
        security = self.settings("pod_security")
        levels = {
            f"pod-security.kubernetes.io/{mode}{suffix}": value
            for mode in ("enforce", "audit", "warn")
            for suffix, value in (
                ("", security["enforce"] if mode == "enforce" else "restricted"),
                ("-version", security["version"]),
            )
        }
        return k8s.core.v1.Namespace(
            team, metadata=metadata(team, **{TEAM_LABEL: team}, **levels), opts=self.options("namespace")
        )

    def _limits(self) -> None:
        """A quota alone would refuse pods that name no requests; the range gives them some."""
        k8s.core.v1.ResourceQuota(
            self.namespace,
            metadata=metadata("team", self.namespace),
            spec={"hard": self.settings("quota")},
            opts=self._inside,
        )
        container = {"type": "Container", **self.settings("container")}
        k8s.core.v1.LimitRange(
            self.namespace,
            metadata=metadata("team", self.namespace),
            spec={"limits": [container]},
            opts=self._inside,
        )

    def _network(self) -> None:
        """Nothing comes in or goes out but names; each application opens what it needs."""
        if self._settings["network.default_deny"]:
            k8s.networking.v1.NetworkPolicy(
                f"{self.namespace}-deny",
                metadata=metadata("default-deny", self.namespace),
                spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
                opts=self._inside,
            )
        names = {
            "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
            "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
        }
        ports = [{"protocol": protocol, "port": 53} for protocol in _DNS]
        k8s.networking.v1.NetworkPolicy(
            f"{self.namespace}-dns",
            metadata=metadata("allow-dns", self.namespace),
            spec={
                "pod_selector": {},
                "policy_types": ["Egress"],
                "egress": [{"to": [names], "ports": ports}],
            },
            opts=self._inside,
        )

    def _people(self, team: str) -> None:
        seen = [
            {"api_groups": [group], "resources": list(resources), "verbs": list(READING)}
            for group, resources in SEEN.items()
        ]
        done = [
            {"api_groups": [group], "resources": [resource], "verbs": list(verbs)}
            for group, resource, verbs in DONE
        ]
        role = k8s.rbac.v1.Role(
            team, metadata=metadata("team", self.namespace), rules=[*seen, *done], opts=self._inside
        )
        k8s.rbac.v1.RoleBinding(
            team,
            metadata=metadata("team", self.namespace),
            role_ref={"api_group": RBAC, "kind": "Role", "name": "team"},
            subjects=[{"api_group": RBAC, "kind": "Group", "name": team_group(team)}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
