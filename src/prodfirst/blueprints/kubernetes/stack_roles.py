"""Lock files turned into access: what a stack's identities may do in one namespace, or to the cluster.

Three hands are needed, and none of them is enough by itself:

1. The lock (`permissions/STACK.lock.json`) says which verbs on which objects a stack's program needs.
2. The cluster's stack lets the stack's identities in (`Cluster(stacks=…)`): an access entry puts each into
   a group of its own, which holds nothing.
3. The furnishing stack binds this group to a role with the lock's verbs, in the namespaces that it gave to
   the stack (`TeamSpace(stacks=…)`). What a lock asks for elsewhere is not granted, and is told.

RBAC lets nobody grant what they do not hold. So this stack's apply identity needs `escalate` and `bind`, in
effect everything, and enters as the cluster's administrator; it is the one, and applications never do. Its
own plan identity gets its reads here too, by its own lock. Order: cluster, then this, then applications. A
lock that grew is applied here before its stack, which reads this one's contract. What a lock lost is taken
away in a closing step, when its stack is done (permissions/keeping_kubernetes.py); under plain `pulumi`, at
once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from prodfirst.blueprints.blueprint import place
from prodfirst.blueprints.kubernetes.objects import metadata
from prodfirst.kernel.group_names import RBAC, stack_group
from prodfirst.kernel.role_names import PHASES
from prodfirst.permissions.keeping_kubernetes import KEEPING_VERBS, verbs_from_json, with_kept_verbs
from prodfirst.permissions.kubernetes import STACK_ROLES, RbacRule, rules_of
from prodfirst.permissions.lock import path_in, read
from prodfirst.permissions.placeholders import Facts


class StackRoles(pulumi.ComponentResource):
    """Roles and bindings of some stacks in one namespace; in none, of what has no namespace."""

    def __init__(
        self,
        name: str,
        *,
        namespace: str | None,
        stacks: Iterable[str],
        locks: Path,
        phases: Iterable[str] = PHASES,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """A stack without a lock file gets nothing yet."""
        stacks = sorted(set(stacks))
        super().__init__(STACK_ROLES, name, {"namespace": namespace or "", "locks": stacks}, opts)
        phases, where = tuple(phases), namespace or "-"
        wanted = {
            stack_group(stack, phase): [
                rule for rule in _rules(locks, stack, phase) if rule.namespace == where
            ]
            for stack in stacks
            for phase in phases
        }
        settings = pulumi.Config(KEEPING_VERBS.partition(":")[0])
        kept = verbs_from_json(settings.get_object(KEEPING_VERBS.partition(":")[2]) or {}, name)
        for group, rules in with_kept_verbs(wanted, kept):
            if rules:
                self._grant(group, namespace, rules)
        self.register_outputs({})

    def _grant(self, name: str, namespace: str | None, rules: Iterable[RbacRule]) -> None:
        """The role of a group, and its binding, by the group's name."""
        inner = pulumi.ResourceOptions(parent=self)
        resource = name if namespace is None else f"{name}:{namespace}"
        meta, listed = metadata(name, namespace), [_rule(rule) for rule in rules]
        subject = {"api_group": RBAC, "kind": "Group", "name": name}
        if namespace is None:
            made: pulumi.Resource = k8s.rbac.v1.ClusterRole(resource, metadata=meta, rules=listed, opts=inner)
            bind: type[Any] = k8s.rbac.v1.ClusterRoleBinding
        else:
            made = k8s.rbac.v1.Role(resource, metadata=meta, rules=listed, opts=inner)
            bind = k8s.rbac.v1.RoleBinding
        bind(
            resource,
            metadata=meta,
            role_ref={
                "api_group": RBAC,
                "kind": "ClusterRole" if namespace is None else "Role",
                "name": name,
            },
            subjects=[subject],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[made]),
        )


def _rule(rule: RbacRule) -> Mapping[str, Any]:
    named = {"resource_names": [rule.name]} if rule.name != "*" else {}
    return {
        "api_groups": [rule.api_group],
        "resources": [rule.resource],
        "verbs": list(rule.verbs),
        **named,
    }


def asked_for(locks: Path, stack: str) -> frozenset[str]:
    """The namespaces that a stack's lock names; `-` for objects without one, `*` for all namespaces."""
    return frozenset(rule.namespace for rule in _rules(locks, stack, "apply"))


def _rules(locks: Path, stack: str, phase: str) -> tuple[RbacRule, ...]:
    lock = read(path_in(locks, stack))
    here, settings = place(), pulumi.Config("prodfirst")
    facts = Facts(settings.require("environment"), here.account, here.region)
    return rules_of(lock.phase(phase), facts) if lock else ()
