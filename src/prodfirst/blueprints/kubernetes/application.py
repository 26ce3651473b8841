"""An application: what runs, what keeps it running, what it may reach, and who its pods are.

Secrets are by reference. The pods get where a secret lies, never its value, and read it as themselves: the
stack's workload identity, which the identity stack makes from the stack's lock, and which nobody else is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from prodfirst.blueprints.blueprint import Blueprint, Protection, role_names
from prodfirst.blueprints.kubernetes.objects import metadata
from prodfirst.contracts.program import Fields, read

_NAME = "app.kubernetes.io/name"
_POD_IDENTITY = ("169.254.170.23/32", 80)
"""Where EKS Pod Identity answers on every node (EKS user guide, "EKS Pod Identity considerations")."""


class Application(Blueprint):
    """A deployment with its service, budget, autoscaler, network policy and workload identity."""

    token = "prodfirst:kubernetes:Application"  # noqa: S105 - Pulumi's word for the name of a type
    defaults: ClassVar[Mapping[str, Any]] = {
        "container.requests": {"cpu": "100m", "memory": "128Mi"},
        "container.limits": {"cpu": "500m", "memory": "256Mi"},
        "probe.path": "/healthz",
        "probe.period_seconds": 10,
        "scaling.min_replicas": 2,
        "scaling.max_replicas": 6,
        "scaling.cpu_percent": 70,
        "budget.max_unavailable": 1,
        "service.port": 80,
        "pod.termination_grace_period_seconds": 30,
    }
    protections: ClassVar[Mapping[str, Protection]] = {
        "container.read_only_root_filesystem": Protection(on=True, off=False),
        "pod.automount_service_account_token": Protection(on=False, off=True),
    }

    def __init__(
        self,
        name: str,
        *,
        provider: k8s.Provider,
        cluster: Fields,
        namespace: str,
        image: pulumi.Input[str],
        port: int,
        secrets: Mapping[str, tuple[str, str]] | None = None,
        environment: Mapping[str, pulumi.Input[str]] | None = None,
        reaches: Sequence[tuple[pulumi.Input[str], int]] = (),
        overrides: Mapping[str, Any] | None = None,
        unprotected: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`image`: by digest. `secrets`: variable → (stack, field) of a contract that says where one lies.

        `reaches`: (address range, TCP port) of what its pods talk to.
        """
        self._secrets = dict(sorted((secrets or {}).items()))
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[provider]))
        super().__init__(name, overrides=overrides, unprotected=unprotected, opts=own)
        self._name, self._namespace = name, namespace
        self._labels = {_NAME: name}
        self._parts = self.options("part")
        account = self._account(cluster)
        variables = {key: read(stack)[field] for key, (stack, field) in self._secrets.items()}
        deployment = self._deployment(image, port, {**(environment or {}), **variables}, account)
        self._service(port)
        self.service = f"{name}.{namespace}.svc.cluster.local"
        self._available(deployment)
        self._network(port, reaches)
        self.register_outputs({})

    def declared(self) -> Mapping[str, Any]:
        """What its pods read, for the lock: which secrets of which stacks."""
        return {"secrets": [list(reference) for reference in self._secrets.values()]}

    def _meta(self) -> dict[str, Any]:
        return metadata(self._name, self._namespace, **self._labels)

    def _account(self, cluster: Fields) -> k8s.core.v1.ServiceAccount:
        stack = pulumi.Config("prodfirst").require("stack")
        aws.eks.PodIdentityAssociation(
            self._name,
            cluster_name=cluster["name"],
            namespace=self._namespace,
            service_account=self._name,
            role_arn=role_names().service_arn(stack, "workload"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return k8s.core.v1.ServiceAccount(
            self._name,
            metadata=self._meta(),
            automount_service_account_token=False,
            opts=self._parts,
        )

    def _deployment(
        self,
        image: pulumi.Input[str],
        port: int,
        variables: Mapping[str, pulumi.Input[str]],
        account: k8s.core.v1.ServiceAccount,
    ) -> k8s.apps.v1.Deployment:
        pod = {
            "service_account_name": self._name,
            "security_context": {"run_as_non_root": True, "seccomp_profile": {"type": "RuntimeDefault"}},
            "containers": [self._container(image, port, variables)],
            "topology_spread_constraints": [
                {
                    "max_skew": 1,
                    "topology_key": key,
                    "when_unsatisfiable": "ScheduleAnyway",
                    "label_selector": {"match_labels": self._labels},
                }
                for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
            **self.settings("pod"),
        }
        return k8s.apps.v1.Deployment(
            self._name,
            metadata=self._meta(),
            spec={
                # how many there are is the autoscaler's
                "selector": {"match_labels": self._labels},
                "strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": 0, "max_surge": 1},
                },
                "template": {"metadata": {"labels": self._labels}, "spec": pod},
            },
            opts=self.options("part", after=[account]),
        )

    def _container(
        self, image: pulumi.Input[str], port: int, variables: Mapping[str, pulumi.Input[str]]
    ) -> Mapping[str, Any]:
        settings, probe = self.settings("container"), self.settings("probe")
        asked = {
            "http_get": {"path": probe["path"], "port": port},
            "period_seconds": probe["period_seconds"],
        }
        return {
            "name": self._name,
            "image": image,
            "ports": [{"name": "http", "container_port": port}],
            "env": [{"name": key, "value": value} for key, value in sorted(variables.items())],
            "resources": {"requests": settings["requests"], "limits": settings["limits"]},
            "readiness_probe": asked,
            "liveness_probe": {**asked, "failure_threshold": 6},
            "security_context": {
                "allow_privilege_escalation": False,
                "capabilities": {"drop": ["ALL"]},
                "read_only_root_filesystem": settings["read_only_root_filesystem"],
            },
        }

    def _service(self, port: int) -> None:
        k8s.core.v1.Service(
            self._name,
            metadata=self._meta(),
            spec={
                "selector": self._labels,
                "ports": [{"name": "http", "port": self._settings["service.port"], "target_port": "http"}],
            },
            opts=self._parts,
        )

    def _available(self, deployment: k8s.apps.v1.Deployment) -> None:
        scaling = self.settings("scaling")
        k8s.policy.v1.PodDisruptionBudget(
            self._name,
            metadata=self._meta(),
            spec={"selector": {"match_labels": self._labels}, **self.settings("budget")},
            opts=self._parts,
        )
        target = {"type": "Utilization", "average_utilization": scaling["cpu_percent"]}
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            self._name,
            metadata=self._meta(),
            spec={
                "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": self._name},
                "min_replicas": scaling["min_replicas"],
                "max_replicas": scaling["max_replicas"],
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
            },
            opts=self.options("part", after=[deployment]),
        )

    def _network(self, port: int, reaches: Sequence[tuple[pulumi.Input[str], int]]) -> None:
        """Neighbours in the namespace come in; it goes out to what the program names, and for its role."""
        k8s.networking.v1.NetworkPolicy(
            self._name,
            metadata=self._meta(),
            spec={
                "pod_selector": {"match_labels": self._labels},
                "policy_types": ["Ingress", "Egress"],
                "ingress": [{"from": [{"pod_selector": {}}], "ports": [{"protocol": "TCP", "port": port}]}],
                "egress": [
                    {"to": [{"ip_block": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": to}]}
                    for cidr, to in (_POD_IDENTITY, *reaches)
                ],
            },
            opts=self._parts,
        )
