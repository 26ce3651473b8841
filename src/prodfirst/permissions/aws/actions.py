"""What kind of action each one is, by the AWS service authorization reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

READING_LEVELS = frozenset({"Read", "List"})
"""Access levels of actions that change nothing."""


def level(action: str) -> str:
    """`Read`, `List`, `Write`, `Tagging` or `Permissions management`; raises KeyError for an unknown one."""
    return _levels()[action]


@cache
def _levels() -> Mapping[str, str]:
    data = json.loads(Path(__file__).with_name("access_levels.json").read_text())
    return {action: kind for kind, actions in data["levels"].items() for action in actions}
