"""`python -m prodfirst.providers.offline ANSWERS REPORT`: prints its port, serves until its stdin ends."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from prodfirst.providers.offline.answers import Answers
from prodfirst.providers.offline.server import serve


def main() -> None:
    """Serve until standard input ends or SIGTERM comes."""
    recorded, report = sys.argv[1:]
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    server, port = serve(Answers(Path(recorded), Path(report)))
    print(port, flush=True)

    def watch() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    ended.wait()
    server.stop(grace=None)


if __name__ == "__main__":
    main()
