"""What a resource type takes and gives, as a table; and what follows from the table alone: check and diff."""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prodfirst.providers.properties import UNKNOWN, is_known

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prop:
    """One input."""

    required: bool = False
    replace: bool | Callable[[Any, Any], bool] = False
    """Whether a change forces a replacement, as in the original; or says so from old and new."""
    default: Any = None
    computed: bool = False
    """Where it is not given, the cloud chooses it and it is an output."""
    autoname: bool = False
    """Where it is not given: `<resource name>-<7 hex>`, as the engine's own autonaming."""
    check: Callable[[Any], str | None] | None = None
    """Says what is wrong with a known value."""
    same: Callable[[Any, Any], bool] | None = None
    """Whether two values mean the same; default is equality."""
    sort: bool = False
    """A set: order does not count."""
    nested: tuple[str, ...] = ()
    """Members of an object that the cloud chooses where they are not given."""
    document: bool = False
    """A policy document: an object is taken as its JSON text, and two that say the same are the same."""
    secret: bool = False
    """Never in clear in the state, whether or not the program marked it."""

    def means(self, left: Any, right: Any) -> bool:
        """Whether two given values are the same but for their spelling."""
        if self.document and same_policy(left, right):
            return True
        return self.same is not None and self.same(left, right)

    def given(self, before: Any, live: Any) -> Any:
        """Of a live value, what could be an input: not what the cloud chose, in the spelling of `before`."""
        if (
            before is not None
            and live is not None
            and (self.means(before, live) or self._one_set(before, live))
        ):
            return before
        if not isinstance(live, dict) or before is None:
            return live
        return {
            key: self.given_member(before.get(key), value)
            for key, value in live.items()
            if key in before or key not in self.nested
        }

    def given_member(self, before: Any, live: Any) -> Any:
        """The same for a member of an object."""
        return before if before is not None and self._one_set(before, live) else live

    def _one_set(self, left: Any, right: Any) -> bool:
        if not self.sort or not isinstance(left, list) or not isinstance(right, list):
            return False
        return sorted(map(str, left)) == sorted(map(str, right))

    def replaces(self, old: Any, new: Any) -> bool:
        """Whether this change forces a replacement."""
        return self.replace(old, new) if callable(self.replace) else self.replace


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing wrong with an input."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Schema:
    """The table of one type."""

    inputs: Mapping[str, Prop]
    outputs: tuple[str, ...] = ()
    """What only the cloud knows; unknown in a preview of a create."""
    stable: tuple[str, ...] = ()
    """Outputs that no update changes."""
    tagged: bool = False
    delete_first: bool = False
    """A replacement deletes the old one first: two cannot be there at once."""
    elsewhere: tuple[str, ...] = ()
    """What resources of their own change later: no drift of this one where its program does not set it."""
    follows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Output → inputs whose change makes it unknown until the update is done."""
    checks: tuple[Callable[[Data], Failure | None], ...] = ()
    """Rules over several inputs, some of which may be unknown."""

    @property
    def secret(self) -> frozenset[str]:
        """The properties that are always secret."""
        return frozenset(key for key, prop in self.inputs.items() if prop.secret)


@dataclass
class Difference:
    """What an update would do; `paths` → whether it forces a replacement."""

    paths: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Property path → (`add`, `delete` or `update`; whether it replaces)."""

    @property
    def replaces(self) -> bool:
        return any(replaces for _, replaces in self.paths.values())


_EVERYWHERE = frozenset({"region", "tags", "tagsAll"})


def check(schema: Schema, name: str, seed: bytes, given: Data, old: Data) -> tuple[Data, list[Failure]]:
    """The inputs with defaults and names filled in, and everything that is wrong with them."""
    known = {*schema.inputs, *(("tags", "tagsAll") if schema.tagged else ()), "region"}
    failures = [
        _unknown_property(key, known) for key in given if key not in known and not key.startswith("__")
    ]
    inputs = {key: _as_text(schema, key, value) for key, value in given.items() if key in known}
    for key, prop in schema.inputs.items():
        if key not in inputs:
            if prop.required:
                failures.append(Failure(key, f"`{key}` is required"))
            elif prop.autoname:
                inputs[key] = old.get(key) or f"{name}-{hashlib.sha256(seed).hexdigest()[:7]}"
            elif prop.default is not None:
                inputs[key] = prop.default
        elif prop.check is not None and is_known(inputs[key]) and (reason := prop.check(inputs[key])):
            failures.append(Failure(key, reason))
    failures += [failure for rule in schema.checks if (failure := rule(inputs))]
    return inputs, failures


def diff(schema: Schema, old: Data, new: Data) -> Difference:
    """What differs between old and new inputs."""
    difference = Difference()
    for key in sorted({*old, *new} - {"tagsAll"}):
        prop = schema.inputs.get(key, Prop(replace=key == "region"))
        left, right = old.get(key), new.get(key)
        if key not in new and prop.computed:
            continue
        for path, kind in _compare(prop, key, left, right):
            difference.paths[path] = (kind, prop.replaces(left, right))
    return difference


def planned(schema: Schema, inputs: Data) -> Data:
    """What a preview of a create knows of the outputs."""
    unknown = {key: UNKNOWN for key, prop in schema.inputs.items() if prop.computed and key not in inputs}
    nested = {
        key: {**dict.fromkeys(prop.nested, UNKNOWN), **inputs[key]}
        for key, prop in schema.inputs.items()
        if prop.nested and isinstance(inputs.get(key), dict)
    }
    return {**dict.fromkeys(schema.outputs, UNKNOWN), **unknown, **inputs, **nested}


def updated(schema: Schema, old: Data, new: Data) -> Data:
    """What a preview of an update knows of the outputs."""
    unknown = {
        output: UNKNOWN
        for output, causes in schema.follows.items()
        if output not in new and any(key in new and old.get(key) != new[key] for key in causes)
    }
    nested = {
        key: {**{name: old[key][name] for name in prop.nested if name in old[key]}, **new[key]}
        for key, prop in schema.inputs.items()
        if prop.nested and isinstance(old.get(key), dict) and isinstance(new.get(key), dict)
    }
    return {**old, **new, **unknown, **nested}


def same_json(left: Any, right: Any) -> bool:
    """Whether two policy documents say the same."""
    try:
        return bool(json.loads(left) == json.loads(right))
    except (TypeError, ValueError):
        return bool(left == right)


def same_policy(left: Any, right: Any) -> bool:
    """Whether two policy documents mean the same: lists of one, and the order in lists, do not count."""
    try:
        return bool(_meaning(json.loads(left)) == _meaning(json.loads(right)))
    except (TypeError, ValueError):
        return bool(left == right)


def _meaning(value: Any) -> frozenset[Any]:
    """A document as the set of what it says: one value is a list of one."""
    if isinstance(value, dict):
        said = ((key, _meaning(item)) for key, item in value.items() if (key, item) != ("Sid", ""))
        return frozenset([frozenset(said)])
    if isinstance(value, list):
        return frozenset().union(*map(_meaning, value))
    return frozenset([str(value).lower() if isinstance(value, bool) else value])


def is_cidr(value: Any) -> str | None:
    """What is wrong with an address range."""
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        return str(error)
    return None


def is_policy(value: Any) -> str | None:
    """What is wrong with a policy document."""
    try:
        json.loads(value)
    except ValueError as error:
        return f"not a JSON policy: {error}"
    return None


def _unknown_property(key: str, known: set[str]) -> Failure:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return Failure(key, f"`{key}` is not supported by the local provider{hint}")


def _compare(prop: Prop, path: str, left: Any, right: Any) -> Iterator[tuple[str, str]]:
    if left == right or (left is not None and right is not None and prop.means(left, right)):
        return
    if _is_empty(left) and _is_empty(right):
        return
    if prop.sort and isinstance(left, list) and isinstance(right, list) and is_known(right):
        if sorted(map(str, left)) == sorted(map(str, right)):
            return
    elif isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            if key in right or key not in prop.nested:
                yield from _compare(Prop(sort=prop.sort), _join(path, key), left.get(key), right.get(key))
        return
    yield path, "add" if left is None else "delete" if right is None else "update"


def _as_text(schema: Schema, key: str, value: Any) -> Any:
    prop = schema.inputs.get(key)
    if prop is None or not prop.document or not isinstance(value, dict):
        return value
    return json.dumps(value, sort_keys=True) if is_known(value) else UNKNOWN


def _is_empty(value: Any) -> bool:
    """Absent, false and empty are one for the original's engine; 0 is a value."""
    return value is None or value is False or value in ("", [], {})


def _join(path: str, key: str) -> str:
    """A property path; keys that are no plain names are quoted, as Pulumi writes them."""
    return f"{path}.{key}" if key.replace("_", "").isalnum() else f'{path}["{key}"]'
