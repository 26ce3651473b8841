"""What the stack that furnishes a cluster keeps of verbs until their stacks are done with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prodfirst.permissions.keeping_kubernetes import (
    is_of_stacks,
    lost,
    recorded_verbs,
    verbs_from_json,
    verbs_to_json,
    with_kept_verbs,
    without_lock,
)
from prodfirst.permissions.kubernetes import RbacRule

_TYPES = "prodfirst:kubernetes:TeamSpace$prodfirst:kubernetes:StackRoles"
_PARENT = f"urn:pulumi:local::acme-platform::{_TYPES}::shop"
_ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role"


def _rule(resource: str, *verbs: str, name: str = "*", namespace: str = "") -> RbacRule:
    return RbacRule(namespace, "", resource, name, verbs)


def _recorded(role: str, *rules: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "type": _ROLE,
        "urn": f"urn:pulumi:local::acme-platform::{_TYPES}${_ROLE}::{role}:shop",
        "parent": _PARENT,
        "inputs": {"metadata": {"name": role, "namespace": "shop"}, "rules": list(rules)},
        **other,
    }


def test_what_the_state_records_goes_through_configuration_and_comes_back() -> None:
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["delete"], "resourceNames": ["a"]}
    all_of_them = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create"]}
    team = {**_recorded("team", rule), "urn": f"urn:pulumi:local::acme-platform::{_ROLE}::team"}
    half = _recorded("prodfirst:old:apply", rule, delete=True)
    found = recorded_verbs([_recorded("prodfirst:shop:apply", rule, all_of_them), team, half])
    assert verbs_from_json(verbs_to_json(found), "shop") == {
        "prodfirst:shop:apply": (
            _rule("configmaps", "delete", name="a"),
            RbacRule("", "apps", "deployments", "*", ("create",)),
        )
    }
    assert verbs_from_json(verbs_to_json(found), "another") == {}


def test_only_verbs_that_nothing_gives_any_more_are_kept() -> None:
    before = (_rule("pods", "get", "list"), _rule("configmaps", "delete", "get", name="a"))
    assert lost(before, (_rule("pods", "get", "list", "watch"), _rule("configmaps", "get"))) == (
        _rule("configmaps", "delete", name="a"),
    )
    assert lost(before, before) == ()
    # another name is another object
    assert lost(before[1:], (_rule("configmaps", "delete", "get", name="b"),)) == before[1:]


def test_a_role_that_nobody_wants_any_more_is_kept_whole_and_a_new_one_is_made() -> None:
    wanted = {"new": [_rule("pods", "get", namespace="shop")], "same": [_rule("pods", "get")]}
    kept = {"old": (_rule("pods", "delete"),), "same": (_rule("pods", "get"),)}
    assert dict(with_kept_verbs(wanted, kept)) == {
        "new": (_rule("pods", "get", namespace="shop"),),
        "old": (_rule("pods", "delete"),),
        "same": (_rule("pods", "get"),),
    }


def test_a_role_that_loses_something_and_gains_nothing_is_the_same_as_before() -> None:
    before = (
        RbacRule("", "apps", "deployments", "*", ("create",)),
        _rule("configmaps", "create", "list"),
        _rule("configmaps", "delete", "get", name="a"),
        _rule("pods/log", "get"),
        _rule("services", "get", "patch"),
    )
    after = [RbacRule("shop", "apps", "deployments", "*", ("create",)), _rule("services", "get")]
    ((_, both),) = with_kept_verbs({"r": after}, {"r": before})
    assert [replace(rule, namespace="") for rule in both] == list(before)


def test_only_roles_that_follow_from_locks_are_stacks() -> None:
    assert is_of_stacks(_recorded("prodfirst:shop:apply")["urn"])
    assert not is_of_stacks(f"urn:pulumi:local::acme-platform::{_ROLE}::team")


def test_a_role_that_somebody_widened_is_read_as_it_is() -> None:
    wide = {"apiGroups": ["", "apps"], "resources": ["pods", "pods/log"], "verbs": ["get"],
            "resourceNames": ["a", "b"]}  # fmt: skip
    urls = {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}
    found = recorded_verbs([_recorded("prodfirst:shop:apply", wide, urls)])["shop"]["prodfirst:shop:apply"]
    assert {(rule.api_group, rule.resource, rule.name) for rule in found} == {
        (group, resource, name)
        for group in ("", "apps") for resource in ("pods", "pods/log") for name in ("a", "b")
    }  # fmt: skip


def test_what_no_lock_gives_is_told_by_the_role_that_keeps_it() -> None:
    given = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    more = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}
    role = _recorded("prodfirst:shop:plan", given, more)
    locked = {"prodfirst:shop:plan": [_rule("pods", "get", namespace="shop")]}
    assert dict(without_lock([role], locked)) == {role["urn"]: (_rule("secrets", "list"),)}
    elsewhere = {"prodfirst:shop:plan": [_rule("pods", "get", namespace="blog")]}
    (told,) = dict(without_lock([_recorded("prodfirst:shop:plan", given)], elsewhere)).values()
    assert told == (_rule("pods", "get"),)
