"""`python -m prodfirst.providers.aws`: prints its port, and serves until its parent closes standard input."""

from __future__ import annotations

import signal
import sys
import threading

from prodfirst.providers.aws.server import serve
from prodfirst.providers.aws.types import TYPES

VERSION = "7.51.1"
"""The version of the original that it stands for."""


def main() -> None:
    """Serve until standard input ends or SIGTERM comes."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    server, port = serve(TYPES, VERSION)
    print(port, flush=True)

    def watch() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    ended.wait()
    server.stop(grace=None)


if __name__ == "__main__":
    main()
