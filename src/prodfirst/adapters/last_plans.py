"""Last clean plans in the user's cache, one file per deployment, mode 0600; a damaged one counts as none."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from prodfirst.kernel.paths import cache, private_dir
from prodfirst.planning import fingerprint
from prodfirst.planning.fingerprint import LastPlan


@dataclass(frozen=True, slots=True)
class LastPlans:
    """Of one environment of one checkout."""

    folder: Path

    @classmethod
    def of(cls, root: Path, environment: str) -> LastPlans:
        """`root` is the estate's folder: two checkouts share nothing."""
        checkout = hashlib.sha256(str(root).encode()).hexdigest()[:32]
        return cls(cache() / "plans" / checkout / environment)

    def find(self, stack: str) -> LastPlan | None:
        """The last clean plan. A damaged file is no plan: the program is run again."""
        try:
            return fingerprint.load(json.loads(self._file(stack).read_bytes()))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def keep(self, stack: str, last: LastPlan) -> None:
        """Replace the last one, whole or not at all."""
        private_dir(self.folder)
        partial = self._file(stack).with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(fingerprint.dump(last), stream)
        partial.replace(self._file(stack))

    def forget(self, stack: str) -> None:
        """There is none any more."""
        self._file(stack).unlink(missing_ok=True)

    def _file(self, stack: str) -> Path:
        return self.folder / f"{stack}.json"
