"""The plan file: JSON, one documented and versioned shape, the same as `plan --json` prints.

Shape (version 1): `{"prodfirst": "plan", "version": 1, "digest", "estate", "environment", "destroy",
"created", "engine", "deployments": [...], "skipped": [...]}`. Unknown values are
`{"$prodfirst": "unknown"}`, secrets `{"$prodfirst": "secret"}`: no secret is ever in it. The digests cover
what is carried out, not what is known of it at the moment: `objects` (what clusters said), `publishes`,
`reused`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from prodfirst.kernel.errors import InvalidInput, Position, Problem
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.checks import dump_check, load_check
from prodfirst.planning.contracts import dump_contract, dump_read, load_contract, load_read
from prodfirst.planning.interrupted import dump_interrupted, load_interrupted
from prodfirst.planning.plan import DeploymentPlan, Digest, EstatePlan
from prodfirst.planning.state import StateVersion
from prodfirst.planning.steps import Change, Operation, Step
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import from_json, to_json

VERSION = 1
SIZE_LIMIT = 256 * 1024 * 1024
"""Bytes; a plan of 10,000 steps has about 30 MB."""


def dump(plan: EstatePlan) -> dict[str, Any]:
    """The plan as JSON data."""
    return {
        "prodfirst": "plan",
        "version": VERSION,
        "digest": plan.digest,
        "estate": plan.estate,
        "environment": plan.environment,
        "destroy": plan.destroy,
        "created": plan.created,
        "engine": plan.engine,
        "deployments": [dump_deployment(item) for item in plan.deployments],
        "skipped": [{"stack": stack, "reason": reason} for stack, reason in plan.skipped],
    }


def load(path: Path) -> EstatePlan:
    """Read a plan file and verify its digests. Raises InvalidInput for anything that is not one."""
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise _not_a_plan(path, f"it is larger than {SIZE_LIMIT} bytes")
        data = json.loads(path.read_bytes())
        _check_header(path, data)
        plan = EstatePlan(
            estate=data["estate"],
            environment=data["environment"],
            destroy=bool(data["destroy"]),
            created=data["created"],
            engine=data["engine"],
            deployments=tuple(load_deployment(item) for item in data["deployments"]),
            skipped=tuple((item["stack"], item["reason"]) for item in data["skipped"]),
        )
        recorded = [data["digest"], *(item["digest"] for item in data["deployments"])]
    except OSError as error:
        raise _not_a_plan(path, (error.strerror or str(error)).lower()) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _not_a_plan(path, f"{type(error).__name__}: {error}") from error
    if recorded != [plan.digest, *(item.digest for item in plan.deployments)]:
        raise _not_a_plan(path, "its content does not match its digest: it was edited or damaged")
    return plan


def _check_header(path: Path, data: Any) -> None:
    if not isinstance(data, dict) or data.get("prodfirst") != "plan":
        raise _not_a_plan(path, "it has no `prodfirst: plan` header")
    if data.get("version") != VERSION:
        raise _not_a_plan(path, f"it has version {data.get('version')}, this prodfirst reads {VERSION}")


def _not_a_plan(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        Problem(
            f"`{path}` is not a usable plan file", why=why, fix="make one with `prodfirst plan --out FILE`"
        )
    )


def dump_deployment(plan: DeploymentPlan) -> dict[str, Any]:
    """One entry of `deployments`."""
    return {
        "stack": plan.stack,
        "environment": plan.environment,
        "project": plan.project,
        "layer": plan.layer,
        "owner": plan.owner,
        "stateful": plan.stateful,
        "digest": plan.digest,
        "program": plan.program,
        "configuration": plan.configuration,
        "state": plan.state,
        "identity": plan.identity,
        "interrupted": [dump_interrupted(item) for item in plan.interrupted],
        "checked": list(plan.checked),
        "objects": [dump_check(item) for item in plan.objects],
        "reused": plan.reused,
        "reads": [dump_read(item) for item in plan.reads],
        "publishes": dump_contract(plan.publishes),
        "findings": [dump_finding(finding) for finding in plan.findings],
        "steps": [dump_step(step) for step in plan.steps],
        "closing": [dump_step(step) for step in plan.closing],
    }


def dump_finding(finding: Finding) -> dict[str, Any]:
    """`{"rule", "severity", "what", "where": {"file", "line", "column"} or text, "why", "fix"}`."""
    where = finding.where
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "what": finding.what,
        "where": _dump_position(where) if isinstance(where, Position) else where,
        "why": finding.why,
        "fix": finding.fix,
    }


def dump_step(step: Step) -> dict[str, Any]:
    """`{"operation", "urn", "inputs", "changes": [{"path", "old", "new", "replaces"}], "protect",
    "unchecked", …}`."""
    return {
        "operation": step.operation.value,
        "urn": step.urn,
        "inputs": to_json(step.inputs),
        "changes": [
            {"path": c.path, "old": to_json(c.old), "new": to_json(c.new), "replaces": c.replaces}
            for c in step.changes
        ],
        "protect": step.protect,
        "unchecked": step.unchecked,
        "source": _dump_position(step.source) if step.source else None,
    }


def _dump_position(position: Position) -> dict[str, Any]:
    return {"file": position.file, "line": position.line, "column": position.column}


def load_deployment(data: dict[str, Any]) -> DeploymentPlan:
    """The inverse of `dump_deployment`; raises KeyError, TypeError or ValueError."""
    return DeploymentPlan(
        stack=data["stack"],
        environment=data["environment"],
        project=data["project"],
        layer=data["layer"],
        owner=data["owner"],
        stateful=bool(data["stateful"]),
        program=Digest(data["program"]),
        configuration=Digest(data["configuration"]),
        state=StateVersion(data["state"]),
        identity=data["identity"],
        interrupted=tuple(load_interrupted(item) for item in data["interrupted"]),
        checked=tuple(data["checked"]),
        objects=tuple(load_check(item) for item in data.get("objects", ())),
        reused=data["reused"],
        reads=tuple(load_read(item) for item in data["reads"]),
        publishes=load_contract(data["publishes"]),
        findings=tuple(_load_finding(item) for item in data["findings"]),
        steps=tuple(_load_step(item) for item in data["steps"]),
        closing=tuple(_load_step(item) for item in data["closing"]),
    )


def _load_finding(data: dict[str, Any]) -> Finding:
    where = data["where"]
    return Finding(
        data["rule"],
        Severity(data["severity"]),
        data["what"],
        Position(**where) if isinstance(where, dict) else where,
        data["why"],
        data["fix"],
    )


def _load_step(data: dict[str, Any]) -> Step:
    inputs = from_json(data["inputs"])
    if not isinstance(inputs, Mapping):
        raise TypeError("`inputs` of a step is not an object")
    return Step(
        operation=Operation(data["operation"]),
        urn=Urn(data["urn"]),
        inputs=cast("MappingProxyType[str, Any]", inputs),
        changes=tuple(
            Change(c["path"], from_json(c["old"]), from_json(c["new"]), bool(c["replaces"]))
            for c in data["changes"]
        ),
        protect=bool(data["protect"]),
        unchecked=bool(data["unchecked"]),
        source=Position(**data["source"]) if data["source"] else None,
    )
