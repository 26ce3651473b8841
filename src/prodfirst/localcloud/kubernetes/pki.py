"""The keys and certificates of one cluster: its authority, etcd's own, and the service account key."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from prodfirst.kernel.paths import private_dir, write_private
from prodfirst.localcloud.certificates import Leaf, Root

_LOOPBACK = "127.0.0.1"
_INSIDE = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
           "kubernetes.default.svc.cluster.local")  # fmt: skip
"""Names of the API server, outside and for pods."""
_SYSTEM = "system:masters"
ALGORITHM = "RS256"
_BITS = 2048
_EXPONENT = 65537


class Pki:
    """Files of mode 0600 below `folder`; roots and the service account key stay, leaves are made anew.

    etcd has an authority of its own: whoever holds a client certificate of the cluster must not get at the
    store behind the API server.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = private_dir(folder)
        self._cluster = Root(folder, "ca", "kubernetes")
        self._etcd = Root(folder, "etcd-ca", "etcd")
        self.service_account_key = folder / "service-accounts.key"
        if not self.service_account_key.exists():
            key = rsa.generate_private_key(_EXPONENT, _BITS)
            write_private(
                self.service_account_key,
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ),
            )

    @property
    def authority(self) -> Path:
        """The certificate that clients of the API server trust."""
        return self._cluster.path

    @property
    def etcd_authority(self) -> Path:
        """The certificate that etcd and its one client trust."""
        return self._etcd.path

    def api_server(self) -> Path:
        """Key and certificate of the API server."""
        leaf = Leaf("kube-apiserver", names=_INSIDE, addresses=[_LOOPBACK], server=True)
        return self._write("api-server", self._cluster.issue(leaf))

    def controller_manager(self) -> Path:
        """Key and certificate with which the controller manager calls the API server."""
        return self._write(
            "controller-manager", self._cluster.issue(Leaf("system:kube-controller-manager", client=True))
        )

    def provider(self) -> Path:
        """Key and certificate with which the local cloud itself, as the cloud provider, calls it."""
        leaf = Leaf("eks:local-cloud", organization=_SYSTEM, client=True)
        return self._write("provider", self._cluster.issue(leaf))

    def webhook_server(self) -> bytes:
        """Of the token webhook."""
        return self._cluster.issue(Leaf("token-webhook", addresses=[_LOOPBACK], server=True))

    def webhook_client(self) -> Path:
        """With which the API server asks the webhook; nobody else may."""
        return self._write("webhook-client", self._cluster.issue(Leaf("kube-apiserver", client=True)))

    def etcd(self) -> Path:
        """etcd is its own only peer, so server and client."""
        leaf = Leaf("etcd", names=["localhost"], addresses=[_LOOPBACK], server=True, client=True)
        return self._write("etcd", self._etcd.issue(leaf))

    def etcd_client(self) -> Path:
        """With which the API server calls etcd."""
        return self._write("etcd-client", self._etcd.issue(Leaf("kube-apiserver", client=True)))

    @cached_property
    def published(self) -> Mapping[str, Any]:
        """The JSON Web Key Set of the service account issuer: the public half alone.

        The key's id is the one that the API server writes into tokens: SHA-256 of the DER form, base64url
        (k8s.io/kubernetes, pkg/serviceaccount/jwt.go).
        """
        private = serialization.load_pem_private_key(self.service_account_key.read_bytes(), None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise TypeError("the service account key is not an RSA key")
        public = private.public_key()
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        id = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
        key = {**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": id, "use": "sig", "alg": ALGORITHM}
        del key["key_ops"]
        return {"keys": [key]}

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / f"{name}.pem"
        write_private(path, content)
        return path
