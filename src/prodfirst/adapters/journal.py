"""The journal of applies: what was begun and how it ended, so that an interrupted run can be taken up again.

One file of JSON lines per plan digest, mode 0600, each line on disk before the work that it announces.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.paths import private_dir
from prodfirst.planning.plan import Digest

_TELLING = ("recovering", "started", "finished")
"""Before what a killed run left is taken into the state; before the engine updates; after that."""


@dataclass(frozen=True)
class Journal:
    """The journal of one plan."""

    path: Path

    @classmethod
    def of(cls, folder: Path, digest: Digest) -> Journal:
        """The journal of the plan with `digest` below `folder`."""
        return cls(private_dir(folder) / f"{digest.removeprefix('sha256:')}.jsonl")

    def write(self, event: str, deployment: str, **facts: Any) -> None:
        """Add one line and see it on the disk."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, "deployment": deployment, **facts}, sort_keys=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode() + b"\n")
            os.fsync(descriptor)
        except OSError as error:
            raise Failure(
                Problem(
                    f"the journal `{self.path}` cannot be written",
                    why=error.strerror or str(error),
                    fix="free space or mend the folder's permissions; nothing was started",
                )
            ) from error
        finally:
            os.close(descriptor)

    def interrupted(self, deployment: str) -> bool:
        """Whether an apply of this deployment was begun under this plan and did not end well."""
        last: Mapping[str, Any] = {}
        for entry in self.entries():
            if entry.get("deployment") == deployment and entry.get("event") in _TELLING:
                last = entry
        return bool(last) and (last["event"] != "finished" or last.get("result") == "failed")

    def entries(self) -> list[dict[str, Any]]:
        """All whole lines; a torn last one belongs to work that was never begun."""
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_bytes().split(b"\n")[:-1]]


def last_started(folder: Path, deployment: str) -> datetime | None:
    """When this installation last let the engine change a deployment, under whatever plan."""
    return max((datetime.fromisoformat(entry["time"]) for entry in _begun(folder, deployment)), default=None)


def last_plan(folder: Path, deployment: str) -> str:
    """The digest of the plan under which that was; empty where it never was."""
    last = max(_begun(folder, deployment), key=lambda entry: str(entry["time"]), default={"plan": ""})
    return str(last["plan"])


def _begun(folder: Path, deployment: str) -> list[dict[str, Any]]:
    return [
        entry
        for path in folder.glob("*.jsonl")
        for entry in Journal(path).entries()
        if entry.get("deployment") == deployment and entry.get("event") == "started"
    ]
