"""Who deployed what: by the audit of the local cloud, and not by what a run says of itself.

A deployment's state is written by whoever deployed it. The audit has the session that wrote, and the CI job's
token that opened its role; the journal has the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prodfirst.access.proofs import Deployer
from prodfirst.adapters.journal import last_plan
from prodfirst.estate.definition import Stack
from prodfirst.localcloud.aws.audit import entries
from prodfirst.usecases.site import Site


@dataclass
class _Seen:
    """What the audit says."""

    writes: dict[str, tuple[Mapping[str, Any], str]] = field(default_factory=dict)
    """Key of a state object → the last call that wrote it, and the subject that had opened its role."""
    subjects: dict[str, str] = field(default_factory=dict)
    """Name of a role → the subject of the token that opened it last."""
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(access key, decision) → how many: a session has a key of its own."""


def deployers(site: Site) -> tuple[Deployer, ...]:
    """Who wrote the state of each deployment last; what the audit has no write of is not listed."""
    seen = _read(site)
    found = ((stack, seen.writes.get(site.state_object(stack))) for stack in site.estate.stacks.values())
    return tuple(_deployer(site, stack, *write, seen) for stack, write in found if write is not None)


def _read(site: Site) -> _Seen:
    seen = _Seen()
    for entry in entries(site.cloud.audit):
        given = entry["parameters"]
        seen.calls[entry["key"], entry["decision"]] += 1
        if entry["decision"] != "allow":
            continue
        if entry["operation"] == "AssumeRoleWithWebIdentity":
            seen.subjects[given["RoleArn"].rpartition("/")[2]] = _subject(entry["principal"])
        elif entry["operation"] == "PutObject" and given.get("Bucket") == site.ground.bucket:
            seen.writes[given["Key"]] = entry, seen.subjects.get(_role(entry["principal"]), "")
    return seen


def _deployer(site: Site, stack: Stack, write: Mapping[str, Any], subject: str, seen: _Seen) -> Deployer:
    name = f"{stack.name}/{site.environment.name}"
    return Deployer(
        deployment=name,
        principal=str(write["principal"]),
        subject=subject,
        plan=last_plan(site.journal_folder, name),
        calls=seen.calls[write["key"], "allow"],
        refused=seen.calls[write["key"], "deny"],
        written=float(write["time"]),
        audit=str(write["id"]),
        own=_role(str(write["principal"])) == site.role_name(stack, "apply"),
    )


def _role(principal: str) -> str:
    """The name of the role of a session; empty for anybody else."""
    return principal.split("/")[1] if ":assumed-role/" in principal else ""


def _subject(principal: str) -> str:
    """`PROVIDER:AUDIENCE:SUBJECT`; the subject begins at the first `repo:`."""
    return principal[index:] if (index := principal.find("repo:")) >= 0 else ""
