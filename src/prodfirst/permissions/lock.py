"""`permissions/<stack>.lock.json`: the exact permissions of a stack's identities.

Written by `prodfirst permissions sync` alone, reviewed as a difference, turned into roles. The apply identity
holds what the plan identity holds, and its own section besides; an application's pods hold the section
`workload` and nothing else. Shape, version 1: `environments` the file
was made for, then permissions: `actions`, `resources`, `conditions` (as in a policy), `reasons`, and where it
applies `unscopable` (why `*`) and `environments` (where it is needed at all).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.permissions.grants import Conditions, Grant, Reason, Slot, conditions

VERSION = 1
FOLDER = "permissions"
_LINE = 110
"""Columns."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Some actions on some resources, for the same reasons. Texts hold placeholders."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = ()
    unscopable: str = ""
    """Why it names no resource."""
    environments: tuple[str, ...] = ()
    """Where alone it is needed; empty for everywhere."""
    reasons: tuple[Reason, ...] = ()

    def grants(self) -> Iterator[Grant]:
        """Each action on each resource."""
        for action in self.actions:
            for resource in self.resources:
                yield Grant(action, resource, self.conditions)

    def holds_in(self, environment: str) -> bool:
        """Whether it is there in an environment."""
        return not self.environments or environment in self.environments


@dataclass(frozen=True, slots=True)
class Lock:
    """The permissions of one stack."""

    estate: str
    stack: str
    environments: tuple[str, ...]
    plan: tuple[Permission, ...]
    apply: tuple[Permission, ...]
    """What the apply identity holds besides."""
    workload: tuple[Permission, ...] = ()
    """What its pods hold; empty for what is no application."""

    def phase(self, phase: str) -> tuple[Permission, ...]:
        """All that an identity (`plan`, `apply`, `workload`) holds."""
        if phase == "workload":
            return self.workload
        return self.plan if phase == "plan" else (*self.plan, *self.apply)


def empty(estate: str, stack: str) -> Lock:
    """Of a stack whose program needs no cloud, or whose lock is not made yet."""
    return Lock(estate, stack, (), (), ())


def path_in(folder: Path, stack: str) -> Path:
    """A stack's lock in the folder of locks."""
    return folder / f"{stack}.lock.json"


def path_of(root: Path, stack: str) -> Path:
    """Where a stack's lock lies in the estate's folder."""
    return path_in(root / FOLDER, stack)


def text_of(lock: Lock) -> str:
    """The file's text: equal locks are equal bytes."""
    data = _dump(lock)
    return _shown({**_head(data), **data}, 0) + "\n"


def _shown(value: Any, depth: int) -> str:
    """JSON to be read and compared line by line: what fits into a line stands on one."""
    whole = json.dumps(value, ensure_ascii=False)
    if len(whole) + depth <= _LINE or not isinstance(value, (dict, list)) or not value:
        return whole
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        rows = [f"{json.dumps(key)}: {_shown(item, depth + 1)}" for key, item in value.items()]
    else:
        rows = [_shown(item, depth + 1) for item in value]
    start, end = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{start}\n{pad}" + f",\n{pad}".join(rows) + f"\n{' ' * depth}{end}"


def read(path: Path) -> Lock | None:
    """The lock in a file; None where there is none. Raises InvalidInput where it is none, or was edited."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    return parse(text, f"{FOLDER}/{path.name}")


def parse(text: str, shown: str) -> Lock:
    """The lock in a text. Raises InvalidInput where it is none of this version, or not as it was written."""
    try:
        data = json.loads(text)
        if data["prodfirst"] != FOLDER or data["version"] != VERSION:
            raise ValueError(f"it is no lock of version {VERSION}")
        lock = _load(data)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            Problem(
                f"`{shown}` is not a lock file",
                shown,
                str(error),
                "make it again: `prodfirst permissions sync`",
            )
        ) from error
    if data.get("digest") != _head(_dump(lock))["digest"]:
        raise InvalidInput(
            Problem(
                f"`{shown}` was edited by hand",
                shown,
                "its digest is not the one of its content, and permissions follow from the program alone",
                f"change the program, then run `prodfirst permissions sync {lock.stack}`",
            )
        )
    return lock


def _head(data: Mapping[str, Any]) -> dict[str, Any]:
    digest = hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return {"prodfirst": FOLDER, "version": VERSION, "digest": f"sha256:{digest}"}


def _dump(lock: Lock) -> dict[str, Any]:
    return {
        "estate": lock.estate,
        "stack": lock.stack,
        "environments": list(lock.environments),
        "plan": [_dump_permission(item) for item in lock.plan],
        "apply": [_dump_permission(item) for item in lock.apply],
        **({"workload": [_dump_permission(item) for item in lock.workload]} if lock.workload else {}),
    }


def _dump_permission(item: Permission) -> dict[str, Any]:
    return {
        "actions": list(item.actions),
        "resources": list(item.resources),
        **({"conditions": dump_conditions(item.conditions)} if item.conditions else {}),
        **({"unscopable": item.unscopable} if item.unscopable else {}),
        **({"environments": list(item.environments)} if item.environments else {}),
        "reasons": list(dump_reasons(item.reasons)),
    }


def dump_conditions(held: Conditions) -> dict[str, dict[str, list[str]]]:
    """As in a policy document."""
    table: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in held:
        table.setdefault(operator, {})[key] = list(values)
    return table


def dump_reasons(reasons: Iterable[Reason]) -> Iterator[dict[str, Any]]:
    """Resources of one type, needing it at the same times, said once."""
    slots: dict[tuple[str, str, str, str], set[Slot]] = {}
    for item in reasons:
        slots.setdefault((item.type, item.file, item.source, item.name), set()).add(item.slot)
    names: dict[tuple[str, str, str, tuple[Slot, ...]], list[str]] = {}
    for (type_, file, source, name), when in sorted(slots.items()):
        names.setdefault((type_, file, source, tuple(sorted(when))), []).append(name)
    for (type_, file, source, at), named in sorted(names.items()):
        yield {
            "type": type_,
            "names": named,
            "when": [slot.value for slot in at],
            "file": file,
            "source": source,
        }


def _load(data: Mapping[str, Any]) -> Lock:
    return Lock(
        estate=str(data["estate"]),
        stack=str(data["stack"]),
        environments=tuple(data["environments"]),
        plan=tuple(map(_load_permission, data["plan"])),
        apply=tuple(map(_load_permission, data["apply"])),
        workload=tuple(map(_load_permission, data.get("workload", ()))),
    )


def _load_permission(data: Mapping[str, Any]) -> Permission:
    return Permission(
        actions=tuple(data["actions"]),
        resources=tuple(data["resources"]),
        conditions=conditions(data.get("conditions", {})),
        unscopable=str(data.get("unscopable", "")),
        environments=tuple(data.get("environments", ())),
        reasons=tuple(
            sorted(
                Reason(item["type"], name, Slot(slot), item["source"], item["file"])
                for item in data["reasons"]
                for name in item["names"]
                for slot in item["when"]
            )
        ),
    )
