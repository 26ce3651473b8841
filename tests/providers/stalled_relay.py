"""A relay in front of a server that can fall silent: requests arrive, answers do not come back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


class Relay:
    """Bytes go both ways. Connections that are open when it is muted bring nothing back; new ones do."""

    def __init__(self, server: str) -> None:
        where = urlsplit(server)
        self._target = (where.hostname or "", where.port or 443)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._muted: set[socket.socket] = set()
        self.address = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def mute(self) -> None:
        """From now on, of the connections that are open."""
        self._muted.update(self._open)

    def close(self) -> None:
        """End all of it."""
        for one in (self._listener, *self._open):
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:  # closed: the test is over
                return
            self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if source in self._muted and source.getpeername() == self._target:
                    continue
                sink.sendall(data)
        except OSError:  # closed by one end: so is the relay's part
            return


@contextmanager
def relay(server: str) -> Iterator[Relay]:
    """One that ends with the test."""
    found = Relay(server)
    try:
        yield found
    finally:
        found.close()
