"""Every credential that exists: the gateway sees each one made, so it can verify every signature."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from prodfirst.kernel.paths import private_dir


@dataclass(frozen=True, slots=True)
class Credential:
    """One access key."""

    key: str
    secret: str
    token: str = ""
    """The session token that must come with it; empty for a long-lived key."""
    expires: float = 0.0
    """Seconds of the epoch; 0 for never."""
    principal: str = ""
    """The ARN that it stands for, as far as the answer that made it said."""

    def __repr__(self) -> str:
        return f"Credential({self.key!r}, principal={self.principal!r})"


class Registry:
    """The credentials, kept in a file of mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Credential] = {}
        if path.exists():
            for item in json.loads(path.read_text()):
                self._known[item["key"]] = Credential(**item)

    def find(self, key: str) -> Credential | None:
        """The credential with this access key id, expired or not."""
        return self._known.get(key)

    def add(self, *credentials: Credential) -> None:
        """Remember credentials; expired ones are forgotten."""
        now = time.time()
        self._known = {k: c for k, c in self._known.items() if not c.expires or c.expires > now - 86_400}
        self._known.update({item.key: item for item in credentials})
        self._save()

    def expire_sessions(self) -> None:
        """The time of every session is up, now."""
        now = time.time()
        ended = {k: replace(c, expires=min(c.expires, now)) for k, c in self._known.items() if c.expires}
        self._known.update(ended)
        self._save()

    def remove(self, key: str) -> None:
        """Forget a deleted access key."""
        if self._known.pop(key, None):
            self._save()

    def learn(self, answer: Mapping[str, Any]) -> None:
        """Take note of the parsed answer of a call that makes credentials."""
        made = answer.get("Credentials") or answer["AccessKey"]
        expires = made.get("Expiration")
        owner = (answer.get("AssumedRoleUser") or {}).get("Arn") or made.get("UserName", "")
        self.add(
            Credential(
                key=made["AccessKeyId"],
                secret=made["SecretAccessKey"],
                token=made.get("SessionToken", ""),
                expires=expires.timestamp() if expires else 0.0,
                principal=owner,
            )
        )

    def _save(self) -> None:
        private_dir(self._path.parent)
        partial = self._path.with_suffix(".new")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump([asdict(item) for item in self._known.values()], stream)
        partial.replace(self._path)
