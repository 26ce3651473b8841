"""The line to the parent: JSON lines over an inherited socket, both ways."""

from __future__ import annotations

import json
import os
import queue
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

_DRAIN_STEP = 65536
_ENGINE_SECONDS = 5.0
"""How long an engine may take from its start to the opening of its event log."""
_PAUSE = 0.05


class Channel:
    """Sends reports; receives the one answer the parent gives; ends this process when the parent is gone."""

    def __init__(self, descriptor: int, fifo: str) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._fifo = fifo
        self._sending = threading.Lock()
        self._answers: queue.Queue[Mapping[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True, name="prodfirst-channel").start()

    def send(self, kind: str, **fields: Any) -> None:
        line = json.dumps({"kind": kind, **fields}, separators=(",", ":")).encode() + b"\n"
        with self._sending:
            self._socket.sendall(line)

    def ask(self, kind: str, **fields: Any) -> Mapping[str, Any]:
        """Send, and wait for the parent's answer."""
        self.send(kind, **fields)
        return self._answers.get()

    def _listen(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                self._answers.put(json.loads(line))
        self._outlive_parent()

    def _outlive_parent(self) -> None:
        """Without a reader the engine blocks on its event log: read it until the engine is gone, then end.

        Opened without waiting: an engine that never came would keep this process for ever.
        """
        if os.path.exists(self._fifo):
            _drain(os.open(self._fifo, os.O_RDONLY | os.O_NONBLOCK))
        os._exit(1)


def _drain(descriptor: int) -> None:
    """Read until the writer has closed; give a writer that was not there yet some time to come."""
    seen, patience = False, time.monotonic() + _ENGINE_SECONDS
    while True:
        try:
            ended = not os.read(descriptor, _DRAIN_STEP)
        except BlockingIOError:  # a writer is there, and silent
            seen, ended = True, False
            time.sleep(_PAUSE)
        if not ended:
            seen = True
        elif seen or time.monotonic() > patience:
            return
        else:
            time.sleep(_PAUSE)
