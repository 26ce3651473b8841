"""`python -m prodfirst.providers.offline ANSWERS REPORT`: prints its port, serves until its stdin ends."""

from __future__ import annotations

import sys
from pathlib import Path

from prodfirst.providers import protocol
from prodfirst.providers.offline.answers import Answers
from prodfirst.providers.offline.server import Provider


def main() -> None:
    """Serve one engine run."""
    recorded, report = sys.argv[1:]
    protocol.run(Provider(Answers(Path(recorded), Path(report))))


if __name__ == "__main__":
    main()
