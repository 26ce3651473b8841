"""The local cloud's own certificate authority: one root per installation, a leaf per host name on demand."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import tempfile
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from prodfirst.kernel.paths import private_dir

_ROOT_DAYS = 3650
_LEAF_DAYS = 90


class Authority:
    """Issues server certificates for the names that the front answers for.

    The root's key never leaves `folder` (mode 0600); only children that prodfirst starts trust the root.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = private_dir(folder)
        self._contexts: dict[str, ssl.SSLContext] = {}
        if not self.certificate.exists():
            self._make_root()
        self._root = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is not an elliptic curve key")
        self._key = key

    @property
    def certificate(self) -> Path:
        """The root certificate, PEM: what clients are told to trust."""
        return self._folder / "ca.pem"

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
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                path = Path(folder) / "leaf.pem"
                _write_private(path, self._leaf(name))
                context.load_cert_chain(path)
            self._contexts[name] = context
        return self._contexts[name]

    def _leaf(self, name: str) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(name, self._root.subject, key.public_key(), _LEAF_DAYS)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)

    def _make_root(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prodfirst local cloud")])
        certificate = (
            _builder("prodfirst local cloud", name, key.public_key(), _ROOT_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write_private(self._folder / "ca.key", _pem(key))
        _write_private(self.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(common: str, issuer: x509.Name, public: Any, days: int) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])]))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
