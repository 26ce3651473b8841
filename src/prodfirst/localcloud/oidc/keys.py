"""The signing keys: RSA, made per installation, replaced while tokens of the last one are under way."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from prodfirst.kernel.paths import private_dir

ALGORITHM = "RS256"
"""The only one that GitHub's issuer signs with (its discovery document)."""
_BITS = 2048
_EXPONENT = 65537


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    private: rsa.RSAPrivateKey

    def published(self) -> dict[str, Any]:
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.id, "use": "sig", "alg": ALGORITHM}


class SigningKeys:
    """The keys below `folder` (files of mode 0600): the newest signs, the last one is still published."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_dir(folder)
        self._keys = sorted((_read(path) for path in folder.glob("*.pem")), key=lambda key: key.id)
        if not self._keys:
            self.rotate()

    def rotate(self) -> str:
        """Sign with a new key from now on; returns its id. Keys before the last one are forgotten."""
        key = _Key(f"{time.time_ns():020d}", rsa.generate_private_key(_EXPONENT, _BITS))
        content = key.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        partial = self._folder / f"{key.id}.new"
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(content)
        partial.replace(self._folder / f"{key.id}.pem")
        for forgotten in self._keys[:-1]:
            (self._folder / f"{forgotten.id}.pem").unlink(missing_ok=True)
        self._keys = [*self._keys[-1:], key]
        return key.id

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact JSON Web Token over `claims`."""
        newest = self._keys[-1]
        return jwt.encode(dict(claims), newest.private, ALGORITHM, headers={"kid": newest.id})

    def published(self) -> Mapping[str, Any]:
        """The JSON Web Key Set: public halves alone."""
        return {"keys": [key.published() for key in self._keys]}


def _read(path: Path) -> _Key:
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError(f"the issuer's key {path.stem} is not an RSA key")
    return _Key(path.stem, private)
