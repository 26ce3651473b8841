"""Settings that the AWS API behind the gateway accepts and forgets.

Without them a setting that a program made would show as drift. What puts them back into answers stands with
each service.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path


class Held:
    """Settings by resource id, kept in a file of mode 0600: element of an answer → its text, or texts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._settings: dict[str, dict[str, list[str]]] = (
            json.loads(path.read_text()) if path.exists() else {}
        )

    def of(self, id: str) -> Mapping[str, list[str]]:
        """What is held for a resource."""
        return self._settings.get(id, {})

    def keep(self, id: str, settings: Mapping[str, list[str]]) -> None:
        """Hold settings, over those that are held."""
        if settings:
            self._settings[id] = {**self.of(id), **settings}
            self._save()

    def forget(self, id: str) -> None:
        """The resource is gone."""
        if self._settings.pop(id, None) is not None:
            self._save()

    def _save(self) -> None:
        partial = self._path.with_suffix(".new")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(self._settings, stream)
        partial.replace(self._path)
