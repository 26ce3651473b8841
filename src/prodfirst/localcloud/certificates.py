"""X.509 certificates on elliptic curves: a root, and what it issues for servers and clients."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from prodfirst.kernel.paths import write_private

ROOT_DAYS = 3650
LEAF_DAYS = 365
"""Leaves are issued anew at each start."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """Whom a certificate is for."""

    common: str
    organization: str = ""
    """Kubernetes reads it as the user's group."""
    names: Sequence[str] = ()
    addresses: Sequence[str] = ()
    server: bool = False
    client: bool = False


class Root:
    """A root certificate `NAME.pem` and its key `NAME.key` (mode 0600) in a folder; made where missing."""

    def __init__(self, folder: Path, name: str, title: str) -> None:
        self.path = folder / f"{name}.pem"
        key_path = folder / f"{name}.key"
        if not self.path.exists():
            _make_root(self.path, key_path, title)
        self._certificate = x509.load_pem_x509_certificate(self.path.read_bytes())
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"the key of {title} is not an elliptic curve key")
        self._key = key

    def issue(self, leaf: Leaf) -> bytes:
        """A new key and its certificate, both PEM, for one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, leaf.common[:64])]
        if leaf.organization:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization))
        builder = _builder(x509.Name(attributes), self._certificate.subject, key.public_key(), LEAF_DAYS)
        builder = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_purposes(leaf)), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in leaf.names]
        alternatives += [x509.IPAddress(IPv4Address(address)) for address in leaf.addresses]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return private_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, not encrypted: it goes into files of mode 0600 alone."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _make_root(path: Path, key_path: Path, title: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    certificate = (
        _builder(name, name, key.public_key(), ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(key_path, private_pem(key))
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _purposes(leaf: Leaf) -> list[ObjectIdentifier]:
    wanted = ((leaf.server, ExtendedKeyUsageOID.SERVER_AUTH), (leaf.client, ExtendedKeyUsageOID.CLIENT_AUTH))
    return [purpose for yes, purpose in wanted if yes]


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
