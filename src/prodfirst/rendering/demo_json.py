"""`demo.json`: what the demo showed, so that anyone can repeat it with the ordinary `aws` and `kubectl`.

Shape, version 1; fields may be added within a version, and are never renamed or removed. It holds no secrets.

- `"prodfirst": "demo", "version": 1`
- `estate`, `environment`, `account`, `region`, `made` (UTC)
- `holds`: whether all proofs hold, and each deployment was deployed by its own apply identity
- `deployments`: `deployment`, `principal` (who wrote its state), `subject` (of the CI job that opened the
  role), `plan` (digest), `calls`, `refused`, `written` (UTC), `audit`, `own` (whether it is the deployment's
  own apply identity)
- `proofs`: `claim`, `holds`, and `calls`, first the one that must be allowed: `who`, `role`, `action`,
  `resource`, `decision` and `expected` (`allow` or `deny`), `code`, `statement` (what decided: a policy's, or
  a cluster's role and binding or admission rule; empty where nothing allows it), `reason`, `cluster` (whose
  API was called; empty for AWS's), `audit` (an id in AWS's audit, or in the cluster's), `answer` (what came
  of it, where that is the point), `repeat` (a command line for a shell in the folder of the demo, with
  `prodfirst`, `aws` and `kubectl` on the `PATH` and the local cloud up), and `outcome`: `succeeds`, and
  `error`, the word that the tool then prints
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from prodfirst.access.proofs import Deployer, Proof, ProofCall


def demo_json(
    facts: Mapping[str, str], file: str, found: tuple[Deployer, ...], proofs: tuple[Proof, ...]
) -> dict[str, Any]:
    """The shape above. `facts`: estate, environment, account, region; `file`: the estate's."""
    return {
        "prodfirst": "demo",
        "version": 1,
        **facts,
        "made": _moment(datetime.now(UTC)),
        "holds": all(proof.holds for proof in proofs) and all(item.own for item in found),
        "deployments": [
            {**asdict(item), "written": _moment(datetime.fromtimestamp(item.written, UTC))} for item in found
        ],
        "proofs": [
            {
                "claim": proof.claim,
                "holds": proof.holds,
                "calls": [_call(call, facts["environment"], file) for call in proof.calls],
            }
            for proof in proofs
        ],
    }


def repeated(call: ProofCall, environment: str, file: str) -> str:
    """The command line that makes the call again."""
    words = ("prodfirst", "local", "exec", "--file", file, "--env", environment, "--as", call.who, "--")
    line = shlex.join((*words, *call.command))
    return f"printf %s {shlex.quote(call.input)} | {line}" if call.input else line


def _call(call: ProofCall, environment: str, file: str) -> dict[str, Any]:
    return {
        "who": call.who,
        "role": call.role,
        "action": call.action,
        "resource": call.resource,
        "decision": _word(call.allowed),
        "expected": _word(call.expected),
        "code": call.code,
        "statement": call.statement,
        "reason": call.reason,
        "cluster": call.cluster,
        "audit": call.audit,
        "answer": call.answer,
        "repeat": repeated(call, environment, file),
        "outcome": {"succeeds": not call.code, "error": call.code},
    }


def _word(allowed: bool) -> str:
    return "allow" if allowed else "deny"


def _moment(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
