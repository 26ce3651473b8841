"""The prepared interpreters of this process: one for each that runs programs, one for our providers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from prodfirst.kernel.prepared import Preparation, Prepared

_held: dict[tuple[Path, Preparation], Prepared] = {}
_holding = threading.Lock()


def prepared(interpreter: Path, environment: Mapping[str, str], preparation: Preparation) -> Prepared:
    """The one there is; a new one where it is gone. It ends with this process.

    What it has imported stays as it was: packages that change meanwhile are seen by the next process.
    """
    key = (interpreter, preparation)
    with _holding:
        there = _held.get(key)
        if there is None or there.gone():
            there = _held[key] = Prepared(interpreter, environment, preparation)
        return there
