"""Grants first, revocations last, inside a cluster: verbs that stacks held, until those are done with them.

It is to the stack that furnishes a cluster what keeping_aws.py is to the identity stack. A stack that stops
using an object deletes it in the same run, under a role that the furnishing stack makes before it. So that
one keeps in its first half what its state records, and takes it away in its closing step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import product
from typing import Any

from prodfirst.permissions.kubernetes import STACK_ROLES, RbacRule

KEEPING_VERBS = "prodfirst:keepingVerbs"
"""Configuration of the furnishing stack in the first half of a run: `{COMPONENT: {ROLE: [RULE]}}`, as its
state records them; a rule has the fields of RbacRule."""
_ROLES = tuple(f"kubernetes:rbac.authorization.k8s.io/v1:{kind}" for kind in ("Role", "ClusterRole"))
_INSIDE = f"{STACK_ROLES}$kubernetes:rbac.authorization.k8s.io/"

Kept = Mapping[str, Mapping[str, tuple[RbacRule, ...]]]
"""Name of a component → name of a role → its rules."""


def is_of_stacks(urn: str) -> bool:
    """Whether a resource is a role or a binding that follows from lock files."""
    return _INSIDE in urn


def recorded_verbs(resources: Iterable[Mapping[str, Any]]) -> Kept:
    """The roles of stacks in a furnishing stack's state; `resources` as a checkpoint lists them."""
    found: dict[str, dict[str, tuple[RbacRule, ...]]] = {}
    for item in filter(_is_role, resources):
        component = str(item["parent"]).rpartition("::")[2]
        inputs = item["inputs"]
        found.setdefault(component, {})[inputs["metadata"]["name"]] = tuple(_rules(inputs))
    return found


def without_lock(
    resources: Iterable[Mapping[str, Any]], locked: Mapping[str, Iterable[RbacRule]]
) -> Iterator[tuple[str, tuple[RbacRule, ...]]]:
    """Of each recorded role, by its URN, the verbs that no lock gives: what is kept only for now.

    `locked` is what locks give, by the name of a role. A state may also hold what nobody's lock ever gave: a
    drift that was accepted, or a version of the program that gave more.
    """
    for item in filter(_is_role, resources):
        meta = item["inputs"]["metadata"]
        where = meta.get("namespace") or "-"
        given = (rule for rule in locked.get(meta["name"], ()) if rule.namespace == where)
        if more := lost(_merged(_rules(item["inputs"])), given):
            yield str(item["urn"]), more


def _is_role(resource: Mapping[str, Any]) -> bool:
    of_stacks = resource["type"] in _ROLES and is_of_stacks(resource["urn"])
    return of_stacks and not resource.get("delete")


def verbs_to_json(kept: Kept) -> dict[str, Any]:
    """As configuration (`KEEPING_VERBS`)."""
    return {
        component: {role: [asdict(rule) for rule in rules] for role, rules in roles.items()}
        for component, roles in kept.items()
    }


def verbs_from_json(data: Mapping[str, Any], component: str) -> Mapping[str, tuple[RbacRule, ...]]:
    """Of one component: role → rules."""
    return {
        role: tuple(RbacRule(**{**rule, "verbs": tuple(rule["verbs"])}) for rule in rules)
        for role, rules in (data.get(component) or {}).items()
    }


def with_kept_verbs(
    wanted: Mapping[str, Iterable[RbacRule]], kept: Mapping[str, tuple[RbacRule, ...]]
) -> Iterator[tuple[str, tuple[RbacRule, ...]]]:
    """Every wanted role with what it held before, and the roles that nobody wants any more.

    In the order of `rules_of`, so that a role which loses something and gains nothing is not touched.
    """
    for role in sorted({*wanted, *kept}):
        rules = tuple(wanted.get(role, ()))
        yield role, _merged((*rules, *lost(kept.get(role, ()), rules)))


def lost(before: Iterable[RbacRule], after: Iterable[RbacRule]) -> tuple[RbacRule, ...]:
    """Of each rule the verbs that no rule of `after` gives on the same objects."""
    after = tuple(after)
    found = (replace(rule, verbs=tuple(sorted({*rule.verbs} - _verbs(rule, after)))) for rule in before)
    return tuple(rule for rule in found if rule.verbs)


def _verbs(rule: RbacRule, others: Iterable[RbacRule]) -> set[str]:
    place = (rule.api_group, rule.resource)
    return {
        verb
        for other in others
        if (other.api_group, other.resource) == place and other.name in ("*", rule.name)
        for verb in other.verbs
    }


def _merged(rules: Iterable[RbacRule]) -> tuple[RbacRule, ...]:
    """One rule for each object or collection."""
    found: dict[tuple[str, str, str], RbacRule] = {}
    for rule in rules:
        key = (rule.api_group or "core", rule.resource.replace("/", ":"), rule.name)
        before = found.get(key)
        verbs = {*rule.verbs, *(before.verbs if before else ())}
        found[key] = replace(before or rule, verbs=tuple(sorted(verbs)))
    return tuple(rule for _, rule in sorted(found.items()))


def _rules(role: Mapping[str, Any]) -> Iterator[RbacRule]:
    """One for each group, resource and name: `StackRoles` writes one of each, others may have written more.

    A rule without `apiGroups` is of URLs that are no resources, which locks do not know.
    """
    for rule in role.get("rules") or ():
        names = rule.get("resourceNames") or ("*",)
        verbs = tuple(rule.get("verbs") or ())
        for group, resource, name in product(rule.get("apiGroups") or (), rule.get("resources") or (), names):
            yield RbacRule("", group, resource, name, verbs)
