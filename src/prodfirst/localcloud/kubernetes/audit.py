"""The audit log of a cluster's API server: what it decided of a call, and why.

The shape is Kubernetes' own (`audit.k8s.io/v1` Event), a JSON object a line. The authorizer's decision and
its reason are annotations (kubernetes.io/docs/reference/labels-annotations-taints/audit-annotations).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AUDIT_FILE = "audit.jsonl"
_DECISION = "authorization.k8s.io/decision"
_REASON = "authorization.k8s.io/reason"
_POD_SECURITY = "pod-security.kubernetes.io/enforce-policy"
_WRITTEN_SECONDS = 10.0
"""The server writes an event when it has answered, which the caller may hear first."""
_POLL_SECONDS = 0.05
_ID = re.compile(r'"auditID":"([^"]+)"')
"""Stands before all that a caller chose: the first match is the id."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the API server's authorizer said of one call."""

    allowed: bool
    """Of the call itself: whether a role lets the caller make it. Admission may still refuse the object."""
    reason: str
    """The server's words, such as `RBAC: allowed by RoleBinding "team/shop" of Role "team" to Group …`; empty
    where no rule allows the call, as RBAC has no more to say then."""
    user: str
    """Empty where the server knew nobody."""
    groups: tuple[str, ...]
    verb: str
    resource: str
    """`GROUP/PLURAL[/PART]/NAMESPACE/NAME` as lock files write it, or the path of what is no object."""
    pod_security: str = ""
    """The level that a pod was held against, such as `restricted:v1.35`; empty for what is no pod."""


def decisions(log: Path, wanted: Iterable[str]) -> Mapping[str, Decision]:
    """Those of the calls with these ids (`Audit-Id`); waits until all are written.

    One that is not written within 10 s is missing: the policy leaves out what says nothing about access.
    """
    ids = frozenset(wanted)
    end = time.monotonic() + _WRITTEN_SECONDS
    while True:
        found = {id: _decision(json.loads(line)) for id, line in _lines(log) if id in ids}
        if found.keys() == ids or time.monotonic() > end:
            return found
        time.sleep(_POLL_SECONDS)


def _lines(log: Path) -> Iterator[tuple[str, str]]:
    """Ids and events, oldest first; a line that is being written is not there yet.

    The server turns its log over by size, and keeps the one before (`commands.py`).
    """
    for file in (*sorted(log.parent.glob(f"{log.stem}-*{log.suffix}")), log):
        if not file.exists():
            continue
        with file.open() as stream:
            for line in stream:
                if line.endswith("\n") and (found := _ID.search(line)) is not None:
                    yield found[1], line


def _decision(event: Mapping[str, Any]) -> Decision:
    told = event.get("annotations") or {}
    user = event.get("user") or {}
    return Decision(
        allowed=told.get(_DECISION) == "allow",
        reason=str(told.get(_REASON) or ""),
        user=str(user.get("username") or ""),
        groups=tuple(user.get("groups") or ()),
        verb=str(event["verb"]),
        resource=_resource(event),
        pod_security=str(told.get(_POD_SECURITY) or ""),
    )


def _resource(event: Mapping[str, Any]) -> str:
    thing = event.get("objectRef")
    if not thing:
        return str(event["requestURI"]).partition("?")[0]
    part = f":{thing['subresource']}" if thing.get("subresource") else ""
    return "/".join(
        (
            str(thing.get("apiGroup") or "core"),
            f"{thing.get('resource', '')}{part}",
            str(thing.get("namespace") or "-"),
            str(thing.get("name") or "*"),
        )
    )
