"""The pages of `docs/`: their commands, and a shell that runs them as a reader would paste them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
README = "../README.md"
"""As a page."""
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECONDS = 400


def commands(page: str) -> tuple[str, ...]:
    """The `sh` blocks of a page, each to be run as one piece."""
    return tuple(_BLOCK.findall((DOCS / page).read_text()))


@dataclass(frozen=True)
class Reader:
    """Somebody who pastes one block after another into one shell that stops at the first failure."""

    folder: Path
    variables: dict[str, str]

    def paste(self, blocks: tuple[str, ...]) -> str:
        """Run all; returns what was printed. Fails with the shell's words where a command fails."""
        script = "\n".join(("set -eu", *blocks))
        done = subprocess.run(
            ["bash"],
            input=script,
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout
