"""Parsed policies, kept for as long as their text is the same."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from prodfirst.access.aws.documents import Document, parse


def document(name: str, source: Any) -> Document:
    """The policy of a text or of JSON data. Raises InvalidInput where it is none."""
    return _parsed(name, source if isinstance(source, str) else json.dumps(source, sort_keys=True))


@lru_cache(maxsize=2048)
def _parsed(name: str, text: str) -> Document:
    return parse(name, text)
