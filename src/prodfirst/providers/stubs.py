"""The stubs of the engine's protocol without the SDK that they come with.

Importing `pulumi` takes longer than all else that a provider does to start, and every run waits for it.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def without_the_sdk() -> None:
    """Let `pulumi.runtime.proto` be imported alone in this process, which must never import the SDK."""
    if "pulumi" in sys.modules:  # a prepared process: its forks say so again
        return
    found = find_spec("pulumi")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("no module named `pulumi`")
    folder = Path(found.origin).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
