"""The local cloud's own certificate authority: one root per installation, a leaf per host name on demand."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from prodfirst.kernel.paths import private_dir, write_private
from prodfirst.localcloud.certificates import Leaf, Root


class Authority:
    """Issues server certificates for the names that the front answers for.

    The root's key never leaves `folder` (mode 0600); only children that prodfirst starts trust the root.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = private_dir(folder)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._root = Root(self._folder, "ca", "prodfirst local cloud")

    @property
    def certificate(self) -> Path:
        """The root certificate, PEM: what clients are told to trust."""
        return self._root.path

    def server_context(self) -> ssl.SSLContext:
        """A TLS context that shows each client a certificate for the name it asked for."""
        context = self._context("localhost")

        def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
            if name:
                connection.context = self._context(name)

        context.sni_callback = choose
        return context

    def _context(self, name: str) -> ssl.SSLContext:
        if name not in self._contexts:
            leaf = self._root.issue(Leaf(name, names=[name], server=True))
            self._contexts[name] = server_context(leaf, self._folder)
        return self._contexts[name]


def server_context(leaf: bytes, folder: Path) -> ssl.SSLContext:
    """A TLS context of a server that shows `leaf` (key and certificate); `folder` is for a moment's file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / "leaf.pem"
        write_private(path, leaf)
        context.load_cert_chain(path)
    return context
