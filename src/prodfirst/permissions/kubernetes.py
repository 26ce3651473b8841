"""Kubernetes objects into RBAC: verbs on a kind, in a namespace, on one object where RBAC can name it.

Source: what was measured of the original provider (4.34, server-side apply): each verb was taken away by
itself, and broke the operation named. A grant's action is `kubernetes:VERB`, its resource
`GROUP/PLURAL/NAMESPACE/NAME`: group `core` for the nameless one, namespace `-` for what has none and `*` for
all, name `*` where RBAC takes none: `create`, `list` and `watch` never do. A part of an object is written
`pods:log`, as `/` divides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.kernel.group_names import RBAC
from prodfirst.permissions.grants import Grant, Need, Reason, Slot
from prodfirst.permissions.kubernetes_kinds import AWAITS, CLUSTER_WIDE, SKIPPED_AWAIT, plural_of
from prodfirst.permissions.lock import Permission
from prodfirst.permissions.placeholders import Facts
from prodfirst.resources.graph import Resource, ResourceGraph, Urn, urn_type
from prodfirst.resources.values import Value

PACKAGE = "kubernetes"
MEASURED = "measured on kube-apiserver 1.37 with the provider's 4.34 line"
READING_VERBS = frozenset({"get", "list", "watch"})
_UNNAMED = "the provider makes the name up, and RBAC knows no patterns"
_COLLECTION = "RBAC names no objects for `{verb}`: it is the whole collection"
_BY_LOCKS = "which roles there are, and what they grant, follows from the lock files"
STACK_ROLES = "prodfirst:kubernetes:StackRoles"
"""The component that makes roles from lock files (blueprints/kubernetes/stack_roles.py)."""
_MAKING: Mapping[Slot, tuple[str, ...]] = {
    Slot.CREATE: ("create",),
    Slot.READ: ("get",),
    Slot.UPDATE: ("get", "patch"),
    Slot.DELETE: ("delete", "get", "list", "watch"),
}
_TOOLS = ("helm.sh", "kustomize", "yaml", "index")
"""Parts of the package that are no kinds of the API."""


@dataclass(frozen=True, slots=True)
class _Kind:
    group: str
    kind: str

    @property
    def place(self) -> str:
        return f"{self.group}/{plural_of(self.kind)}"


def needs_of(resource: Resource, graph: Mapping[Urn, Resource]) -> Iterator[Need]:
    """What one object needs. Raises InvalidInput for what is no kind of the API."""
    kind = _kind_of(resource)
    where = "-" if kind.kind in CLUSTER_WIDE else _namespace(resource, graph)
    name, unnamed = _name(resource)
    object_ = _Maker(resource, f"{kind.place}/{where}")
    yield from object_.needs(Slot.CREATE, ("create",), "*", _COLLECTION.format(verb="create"))
    if kind.kind == "ResourceQuota":
        yield from object_.needs(Slot.CREATE, ("get",), name, unnamed)
    yield from object_.needs(Slot.UPDATE, ("get", "patch"), name, unnamed)
    yield from object_.needs(Slot.READ, ("get",), name, unnamed)
    yield from object_.needs(Slot.DELETE, ("delete", "get"), name, unnamed)
    if not (kind.kind in SKIPPED_AWAIT and _skips_await(resource)):
        yield from object_.needs(Slot.DELETE, ("list", "watch"), "*", _COLLECTION.format(verb="list"))
    yield from _awaited(resource, kind, where)
    yield from _granted(resource, kind, where)


def is_of_stack_roles(resource: Resource) -> bool:
    """Whether an object is a part of roles that follow from lock files, and so has no needs of its own."""
    return resource.parent is not None and urn_type(resource.parent) == STACK_ROLES


def locks_read(graph: ResourceGraph) -> frozenset[str]:
    """The stacks whose lock files a program turned into roles: it is to be planned again when one changes."""
    listed = (item.inputs.get("locks") for item in graph.resources if item.type == STACK_ROLES)
    return frozenset(stack for found in listed for stack in _texts(found))


def needs_of_stack_roles(component: Resource) -> Iterator[Need]:
    """What whoever makes the roles of other stacks needs, whatever those hold: else one lock would follow
    from the content of another. `escalate` and `bind` stand for verbs that the maker does not hold itself.
    """
    where = component.inputs.get("namespace")
    scope = where if isinstance(where, str) and where else "-"
    for plural, verb in (("roles", "escalate"), ("rolebindings", "")):
        place = f"{RBAC}/{plural if scope != '-' else f'cluster{plural}'}/{scope}"
        maker = _Maker(component, place)
        for slot, verbs in _MAKING.items():
            yield from maker.needs(slot, verbs, "*", _BY_LOCKS)
        if verb:
            for slot in (Slot.CREATE, Slot.UPDATE):
                yield from maker.needs(slot, (verb, "bind"), "*", _BY_LOCKS)


def rules_of(permissions: Iterable[Permission], facts: Facts) -> tuple[RbacRule, ...]:
    """The Kubernetes part of a lock's permissions as rules, one for each set of verbs."""
    verbs: dict[tuple[str, str, str, str], set[str]] = {}
    for item in permissions:
        for grant in item.grants() if item.holds_in(facts.environment) else ():
            if grant.action.startswith(f"{PACKAGE}:"):
                group, part, where, name = facts.fill(grant.resource).split("/", 3)
                plural = part.replace(":", "/")
                verbs.setdefault((where, group, plural, name), set()).add(grant.action.split(":", 1)[1])
    return tuple(
        RbacRule(where, "" if group == "core" else group, plural, name, tuple(sorted(found)))
        for (where, group, plural, name), found in sorted(verbs.items())
    )


@dataclass(frozen=True, slots=True)
class RbacRule:
    """A rule of a Role (`namespace`), or of a ClusterRole (namespace `-` or `*`)."""

    namespace: str
    api_group: str
    resource: str
    name: str
    """`*` for all: a rule without `resourceNames`."""
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes needs for one object of the program."""

    resource: Resource
    place: str

    def needs(self, slot: Slot, verbs: tuple[str, ...], name: str, unscopable: str = "") -> Iterator[Need]:
        position = self.resource.source[0] if self.resource.source else None
        file = position.file if position else ""
        reason = Reason(self.resource.type, self.resource.name, slot, MEASURED, file)
        for verb in verbs:
            grant = Grant(f"{PACKAGE}:{verb}", f"{self.place}/{name}")
            yield Need(grant, reason, position, unscopable if name == "*" else "")


def _awaited(resource: Resource, kind: _Kind, where: str) -> Iterator[Need]:
    """Without these the provider hangs, and a refresh takes what is healthy for unhealthy."""
    if _skips_await(resource):
        return
    for place in AWAITS.get(kind.kind, ()):
        for slot in (Slot.CREATE, Slot.READ, Slot.UPDATE):
            maker = _Maker(resource, f"{place}/{where}")
            yield from maker.needs(slot, ("list", "watch"), "*", _COLLECTION.format(verb="list"))
    if kind.kind == "PersistentVolumeClaim":
        storage = _Maker(resource, "storage.k8s.io/storageclasses/-")
        yield from storage.needs(Slot.CREATE, ("get",), "*", "its class is chosen by the cluster")


def _granted(resource: Resource, kind: _Kind, where: str) -> Iterator[Need]:
    """Nobody grants more than they hold: every rule of a role; of a binding, the right to bind that role."""
    if kind.kind in ("Role", "ClusterRole"):
        scope = where if kind.kind == "Role" else "*"
        for group, plural, name, verb in _rules(resource.inputs.get("rules")):
            maker = _Maker(resource, f"{group or 'core'}/{plural.replace('/', ':')}/{scope}")
            for slot in (Slot.CREATE, Slot.UPDATE):
                yield from maker.needs(slot, (verb,), name, "the role that the program makes grants it")
    if kind.kind in ("RoleBinding", "ClusterRoleBinding"):
        role = resource.inputs.get("roleRef")
        bound = role.get("kind") if isinstance(role, Mapping) else None
        role_name = role.get("name") if isinstance(role, Mapping) else None
        known = role_name if isinstance(role_name, str) else "*"
        scope = where if bound == "Role" else "-"
        maker = _Maker(resource, f"{RBAC}/{'roles' if bound == 'Role' else 'clusterroles'}/{scope}")
        for slot in (Slot.CREATE, Slot.UPDATE):
            yield from maker.needs(slot, ("bind",), known, _UNNAMED)


def _rules(rules: Value) -> Iterator[tuple[str, str, str, str]]:
    for rule in rules if isinstance(rules, tuple) else ():
        if isinstance(rule, Mapping):
            for group in _texts(rule.get("apiGroups")):
                for plural in _texts(rule.get("resources")):
                    for name in _texts(rule.get("resourceNames")) or ("*",):
                        for verb in _texts(rule.get("verbs")):
                            yield group, plural, name, verb


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, tuple) else ()


def _kind_of(resource: Resource) -> _Kind:
    _, version, kind = resource.type.split(":", 2)
    group = version.rpartition("/")[0] or "core"
    if group.split("/")[0] in _TOOLS or kind.endswith(("List", "Patch")):
        raise InvalidInput(
            Problem(
                f"`{resource.type}` is no single object, and `{resource.name}` is one",
                resource.source[0] if resource.source else resource.urn,
                "what it makes is not in the program, so its permissions cannot follow from it",
                "declare the objects themselves",
            )
        )
    return _Kind(group, kind)


def _metadata(resource: Resource) -> Mapping[str, Value]:
    found = resource.inputs.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _name(resource: Resource) -> tuple[str, str]:
    name = _metadata(resource).get("name")
    return (name, "") if isinstance(name, str) else ("*", _UNNAMED)


def _namespace(resource: Resource, graph: Mapping[Urn, Resource]) -> str:
    """Given, or of the program's own Namespace; `default` where none is given."""
    given = _metadata(resource).get("namespace")
    if isinstance(given, str):
        return given
    if given is None:
        return "default"
    for urn in sorted(resource.property_dependencies.get("metadata", ())):
        if urn in graph and graph[urn].type == "kubernetes:core/v1:Namespace":
            name, _ = _name(graph[urn])
            if name != "*":
                return name
    raise InvalidInput(
        Problem(
            f"the namespace of `{resource.name}` ({resource.type}) is known after apply only",
            resource.source[0] if resource.source else resource.urn,
            "its permissions are scoped by it, and a lock file follows from the program alone",
            "name the namespace from configuration",
        )
    )


def _skips_await(resource: Resource) -> bool:
    annotations = _metadata(resource).get("annotations")
    return isinstance(annotations, Mapping) and annotations.get("pulumi.com/skipAwait") == "true"
