"""`prodfirst` as a whole process, as a user starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = (sys.executable, "-m", "prodfirst.cli.main")


def environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of the user's own but PATH; everything that prodfirst writes goes below `home`."""
    own = {"PATH": os.environ["PATH"], "HOME": str(home), "PRODFIRST_HOME": str(home / "prodfirst")}
    return own | more


def prodfirst(*arguments: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder`, with `more` in its environment."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
