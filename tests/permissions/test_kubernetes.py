"""Kubernetes objects into RBAC: verbs, namespaces, names, and what RBAC cannot name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from permission_layouts import allowed, estate, graph, lock, resource

from prodfirst.estate.definition import EnvironmentName
from prodfirst.kernel.errors import InvalidInput
from prodfirst.permissions.kubernetes import STACK_ROLES, RbacRule, locks_read, rules_of
from prodfirst.permissions.kubernetes_kinds import plural_of
from prodfirst.permissions.lock import Lock
from prodfirst.permissions.synthesis import facts_of
from prodfirst.resources.graph import Resource
from prodfirst.resources.values import UNKNOWN

SECRET, DEPLOYMENT = "kubernetes:core/v1:Secret", "kubernetes:apps/v1:Deployment"


def thing(type_: str, name: str, **inputs: Any) -> Resource:
    metadata = {"name": name, "namespace": "shop", **inputs.pop("metadata", {})}
    return resource(type_, name, 4, metadata=metadata, **inputs)


def rules(held: Lock, phase: str) -> set[RbacRule]:
    facts = facts_of(estate().environments[EnvironmentName("staging")])
    return set(rules_of(held.phase(phase), facts))


def test_the_plan_identity_gets_the_object_and_nothing_else() -> None:
    assert rules(lock(thing(SECRET, "api")), "plan") == {RbacRule("shop", "", "secrets", "api", ("get",))}


def test_changes_name_the_object_where_rbac_can() -> None:
    assert rules(lock(thing(SECRET, "api")), "apply") == {
        RbacRule("shop", "", "secrets", "api", ("delete", "get", "patch")),
        RbacRule("shop", "", "secrets", "*", ("create", "list", "watch")),
    }


def test_what_rbac_cannot_name_is_reported() -> None:
    held = lock(thing(SECRET, "api"))
    told = {item.unscopable for item in held.apply if "kubernetes:list" in item.actions}
    assert told == {"RBAC names no objects for `list`: it is the whole collection"}


def test_waiting_for_a_deployment_reads_what_it_makes() -> None:
    held = rules(lock(thing(DEPLOYMENT, "api")), "plan")
    assert RbacRule("shop", "apps", "replicasets", "*", ("list", "watch")) in held
    assert RbacRule("shop", "", "pods", "*", ("list", "watch")) in held


def test_a_deployment_that_is_not_awaited_needs_less() -> None:
    skipped = {"annotations": {"pulumi.com/skipAwait": "true"}}
    held = rules(lock(thing(DEPLOYMENT, "api", metadata=skipped)), "apply")
    assert {rule.resource for rule in held} == {"deployments"}
    assert RbacRule("shop", "apps", "deployments", "*", ("create",)) in held


def test_a_namespace_is_cluster_wide() -> None:
    held = rules(lock(resource("kubernetes:core/v1:Namespace", "n", metadata={"name": "shop"})), "apply")
    assert {rule.namespace for rule in held} == {"-"}


def test_an_object_in_the_programs_own_namespace_is_scoped_by_its_name() -> None:
    namespace = resource("kubernetes:core/v1:Namespace", "n", metadata={"name": "shop"})
    inner = resource(
        SECRET, "s", after={"metadata": namespace.urn}, metadata={"name": "api", "namespace": UNKNOWN}
    )
    assert RbacRule("shop", "", "secrets", "api", ("get",)) in rules(lock(namespace, inner), "plan")


def test_a_role_needs_every_rule_that_it_grants_and_a_binding_the_right_to_bind_it() -> None:
    granted = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"]}
    role = thing("kubernetes:rbac.authorization.k8s.io/v1:Role", "dev", rules=[granted])
    binding = thing(
        "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "dev", roleRef={"kind": "Role", "name": "dev"}
    )
    held = rules(lock(role, binding), "apply")
    assert RbacRule("shop", "", "pods", "*", ("delete", "get")) in held
    assert any("bind" in rule.verbs and rule.name == "dev" and rule.resource == "roles" for rule in held)
    assert not any("escalate" in rule.verbs for rule in held)


def test_a_name_that_the_provider_makes_up_is_the_whole_collection() -> None:
    held = rules(lock(resource(SECRET, "s", metadata={"namespace": "shop"})), "plan")
    assert held == {RbacRule("shop", "", "secrets", "*", ("get",))}


@pytest.mark.parametrize("type_", ["kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:ConfigMapPatch"])
def test_what_is_no_single_object_is_refused_with_its_line(type_: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        lock(thing(type_, "x"))
    assert str(refused.value.problems[0].where) == "shop/__main__.py:4:1"


def test_kubernetes_permissions_are_no_part_of_aws_policies() -> None:
    held = lock(thing(SECRET, "api"))
    assert not allowed(held, "apply", "kubernetes:get", "core/secrets/shop/api")


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Deployment", "deployments"), ("Ingress", "ingresses"), ("NetworkPolicy", "networkpolicies"),
        ("StorageClass", "storageclasses"), ("Endpoints", "endpoints"), ("Gateway", "gateways"),
    ],
)  # fmt: skip
def test_plural_names_are_those_that_rbac_matches(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural


def stack_roles(namespace: str, *children: Resource) -> tuple[Resource, ...]:
    """The component that makes roles from lock files, with what it made."""
    made = replace(resource(STACK_ROLES, "shop", namespace=namespace, locks=["shop"]), custom=False)
    return made, *(replace(child, parent=made.urn) for child in children)


ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role"


def test_the_lock_of_who_makes_roles_follows_from_no_other_lock() -> None:
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}
    assert lock(*stack_roles("shop", thing(ROLE, "prodfirst:shop:apply", rules=[rule]))) == lock(
        *stack_roles("shop")
    )


def test_who_makes_roles_in_a_namespace_needs_to_escalate_there_and_nowhere_else() -> None:
    held = rules(lock(*stack_roles("shop")), "apply")
    assert {rule.namespace for rule in held} == {"shop"}
    (making,) = [rule for rule in held if "escalate" in rule.verbs]
    assert (making.resource, making.name) == ("roles", "*")
    assert rules(lock(*stack_roles("shop")), "plan") == {
        RbacRule("shop", "rbac.authorization.k8s.io", "roles", "*", ("get",)),
        RbacRule("shop", "rbac.authorization.k8s.io", "rolebindings", "*", ("get",)),
    }
    assert {rule.resource for rule in rules(lock(*stack_roles("")), "plan")} == {
        "clusterroles",
        "clusterrolebindings",
    }


def test_whose_locks_a_program_reads_is_known_from_its_graph() -> None:
    assert locks_read(graph(*stack_roles("shop"), thing(SECRET, "api"))) == {"shop"}


def test_a_part_of_an_object_stays_one_word_of_the_lock() -> None:
    rule = {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}
    held = rules(lock(thing(ROLE, "dev", rules=[rule])), "apply")
    assert RbacRule("shop", "", "pods/log", "*", ("get",)) in held
