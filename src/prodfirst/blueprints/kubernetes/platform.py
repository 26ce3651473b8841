"""What holds for a whole cluster: what its API refuses, whatever a role grants, and encrypted disks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pulumi
import pulumi_kubernetes as k8s

from prodfirst.blueprints.blueprint import Blueprint, Protection
from prodfirst.blueprints.kubernetes.objects import TEAM_LABEL, metadata
from prodfirst.blueprints.kubernetes.stack_roles import StackRoles

_WORKLOADS = [
    {"api_groups": [""], "resources": ["pods"]},
    {"api_groups": ["apps"], "resources": ["daemonsets", "deployments", "replicasets", "statefulsets"]},
    {"api_groups": ["batch"], "resources": ["cronjobs", "jobs"]},
]
"""What holds pods: its author is told, not a controller that nobody listens to."""
_POD = (
    "object.kind == 'Pod' ? object.spec : object.kind == 'CronJob' ? "
    "object.spec.jobTemplate.spec.template.spec : object.spec.template.spec"
)
_IMAGES = (
    "(variables.pod.containers + (has(variables.pod.initContainers) ? variables.pod.initContainers : []))"
    ".map(container, container.image)"
)
_OWN_ACCOUNT = (
    "(has(variables.pod.serviceAccountName) && variables.pod.serviceAccountName != 'default') || "
    "(has(variables.pod.automountServiceAccountToken) && !variables.pod.automountServiceAccountToken)"
)


class Platform(Blueprint):
    """Admission policies for the namespaces of teams and for `default`, and a class of encrypted disks."""

    token = "prodfirst:kubernetes:Platform"  # noqa: S105 - Pulumi's word for the name of a type
    defaults: ClassVar[Mapping[str, Any]] = {"disks.type": "gp3"}
    protections: ClassVar[Mapping[str, Protection]] = {
        "disks.encrypted": Protection(on="true", off="false"),
        "disks.reclaim_policy": Protection(on="Retain", off="Delete"),
        "images.by_digest": Protection(on=True, off=False),
    }

    def __init__(
        self,
        name: str,
        *,
        cluster: k8s.Provider,
        registries: Sequence[str],
        locks: Path,
        overrides: Mapping[str, Any] | None = None,
        unprotected: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`registries`: what names of images begin with, such as `ACCOUNT.dkr.ecr.REGION.amazonaws.com/`.

        `locks`: the folder with the estate's lock files.
        """
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[cluster]))
        super().__init__(name, overrides=overrides, unprotected=unprotected, opts=own)
        teams = {"match_expressions": [{"key": TEAM_LABEL, "operator": "Exists"}]}
        self._policy("workloads-of-teams", teams, self._rules(registries))
        unnamed = {"match_labels": {"kubernetes.io/metadata.name": "default"}}
        self._policy(
            "nothing-in-default",
            unnamed,
            [("false", "nothing runs in the namespace `default`: name your team's")],
        )
        self._disks()
        this = pulumi.Config("prodfirst").require("stack")
        StackRoles(
            name, namespace=None, stacks=[this], locks=locks, phases=["plan"], opts=self.options("roles")
        )
        self.register_outputs({})

    def _rules(self, registries: Sequence[str]) -> list[tuple[str, str]]:
        """(what must be true, what is said where it is not)"""
        known = " || ".join(f"image.startsWith('{registry}')" for registry in registries) or "false"
        rules = [
            (
                f"variables.images.all(image, {known})",
                f"images come from {', '.join(registries) or 'no registry'}",
            ),
            (_OWN_ACCOUNT, "pods have a service account of their own, or no token of one"),
        ]
        if self._settings["images.by_digest"]:
            by_digest = "variables.images.all(image, image.matches('@sha256:[0-9a-f]{64}$'))"
            rules.append((by_digest, "images are named by digest (`@sha256:…`): a tag moves"))
        return rules

    def _policy(self, name: str, namespaces: Mapping[str, Any], rules: Sequence[tuple[str, str]]) -> None:
        operations = {"api_versions": ["v1"], "operations": ["CREATE", "UPDATE"]}
        policy = k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
            name,
            metadata=metadata(f"prodfirst-{name}"),
            spec={
                "failure_policy": "Fail",
                "match_constraints": {"resource_rules": [{**item, **operations} for item in _WORKLOADS]},
                "variables": [
                    {"name": "pod", "expression": _POD},
                    {"name": "images", "expression": _IMAGES},
                ],
                "validations": [{"expression": rule, "message": said} for rule, said in rules],
            },
            opts=self.options("policy"),
        )
        k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
            name,
            metadata=metadata(f"prodfirst-{name}"),
            spec={
                "policy_name": f"prodfirst-{name}",
                "validation_actions": ["Deny"],
                "match_resources": {"namespace_selector": namespaces},
            },
            opts=self.options("policy", after=[policy]),
        )

    def _disks(self) -> None:
        disks = self.settings("disks")
        k8s.storage.v1.StorageClass(
            "encrypted",
            metadata=metadata("encrypted"),
            provisioner="ebs.csi.aws.com",
            parameters={"type": disks["type"], "encrypted": disks["encrypted"]},
            reclaim_policy=disks["reclaim_policy"],
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            opts=self.options("disks"),
        )
