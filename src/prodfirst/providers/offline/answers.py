"""What invokes are answered with: recorded answers in, questions without one out.

The answers are a JSON file: a list of `{"token": TOKEN, "arguments": {...}, "answer": {...}}`. A question
that has none is appended to the report, one JSON object a line: whoever reads the graph knows what it lacks.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from prodfirst.providers.properties import UNKNOWN, is_known
from prodfirst.providers.schema import Data


class Answers:
    """The recorded answers of one run, and the report of what was asked beyond them."""

    def __init__(self, recorded: Path, report: Path) -> None:
        """Raises OSError or ValueError where the file is not there or is none."""
        entries = json.loads(recorded.read_text())
        self._known = {_question(item["token"], item["arguments"]): item["answer"] for item in entries}
        self._report = report
        self._lock = threading.Lock()

    def find(self, token: str, arguments: Data) -> Data | None:
        """The recorded answer; None where there is none, which is reported."""
        answer = self._known.get(_question(token, arguments)) if is_known(arguments) else None
        if answer is None:
            self.missing("invoke", token, arguments)
        return answer

    def missing(self, kind: str, token: str, arguments: Data) -> None:
        """Report what cannot be known offline."""
        line = json.dumps({"kind": kind, "token": token, "arguments": _shown(arguments)}, sort_keys=True)
        with self._lock, self._report.open("a") as stream:
            stream.write(line + "\n")


def _question(token: str, arguments: Data) -> str:
    return f"{token} {json.dumps(arguments, sort_keys=True, separators=(',', ':'))}"


def _shown(value: Any) -> Any:
    """JSON data, unknown values marked."""
    if value is UNKNOWN:
        return {"$prodfirst": "unknown"}
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value
