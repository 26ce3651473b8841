"""The command lines of a control plane's three processes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from prodfirst.kernel.paths import write_private
from prodfirst.localcloud.kubernetes.audit import AUDIT_FILE
from prodfirst.localcloud.kubernetes.binaries import Binaries
from prodfirst.localcloud.kubernetes.pki import Pki

_AUDIT_POLICY = Path(__file__).parent / "audit-policy.yaml"
_AUDIT_MEGABYTES = 64
_SEEN_SECONDS = "0s"
"""How long an answer of the webhook counts. The API server itself keeps any token's for 10 s."""
CONTROLLERS = (
    # namespaces and what every one of them gets
    "namespace-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    # what refuses
    "resourcequota-controller",
    "clusterrole-aggregation-controller",
    "validatingadmissionpolicy-status-controller",
    # deletion: without these, a foreground delete and a volume claim wait for ever
    "garbage-collector-controller",
    "persistentvolumeclaim-protection-controller",
    "persistentvolume-protection-controller",
    # workloads, up to pods that wait for a node: quota and Pod Security speak there
    "deployment-controller",
    "replicaset-controller",
    "statefulset-controller",
    "job-controller",
    "cronjob-controller",
    "disruption-controller",
    "endpoints-controller",
    "endpointslice-controller",
)


@dataclass(frozen=True, slots=True)
class Ports:
    """On 127.0.0.1."""

    api_server: int
    etcd: int
    etcd_peer: int
    webhook: int


@dataclass(frozen=True)
class Commands:
    """For one cluster; `folder` holds all that it has."""

    binaries: Binaries
    folder: Path
    pki: Pki
    ports: Ports
    issuer: str
    service_range: str
    """Of cluster IP addresses, such as `10.100.0.0/16`."""

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://127.0.0.1:{self.ports.api_server}"

    def etcd(self) -> tuple[str, ...]:
        """etcd, with client and peer certificates of its own authority."""
        client, peer = (f"https://127.0.0.1:{port}" for port in (self.ports.etcd, self.ports.etcd_peer))
        own, trusted = self.pki.etcd(), self.pki.etcd_authority
        return _command(
            self.binaries.etcd,
            ("name", "default"),
            ("data-dir", self.folder / "etcd"),
            ("listen-client-urls", client),
            ("advertise-client-urls", client),
            ("listen-peer-urls", peer),
            ("initial-advertise-peer-urls", peer),
            ("initial-cluster", f"default={peer}"),
            ("cert-file", own),
            ("key-file", own),
            ("trusted-ca-file", trusted),
            ("client-cert-auth", "true"),
            ("peer-cert-file", own),
            ("peer-key-file", own),
            ("peer-trusted-ca-file", trusted),
            ("peer-client-cert-auth", "true"),
            ("log-level", "warn"),
        )

    def api_server(self) -> tuple[str, ...]:
        """kube-apiserver, with EKS's way of authentication."""
        own, etcd, accounts = self.pki.api_server(), self.pki.etcd_client(), self.pki.service_account_key
        return _command(
            self.binaries.api_server,
            ("bind-address", "127.0.0.1"),
            ("secure-port", self.ports.api_server),
            ("endpoint-reconciler-type", "none"),  # a loopback address cannot be a service's endpoint
            ("etcd-servers", f"https://127.0.0.1:{self.ports.etcd}"),
            ("etcd-cafile", self.pki.etcd_authority),
            ("etcd-certfile", etcd),
            ("etcd-keyfile", etcd),
            ("tls-cert-file", own),
            ("tls-private-key-file", own),
            ("client-ca-file", self.pki.authority),
            ("authorization-mode", "RBAC"),
            ("enable-admission-plugins", "ResourceQuota,LimitRanger,PodSecurity"),
            ("allow-privileged", "true"),  # as EKS: Pod Security refuses, per namespace
            ("service-cluster-ip-range", self.service_range),
            ("service-account-issuer", self.issuer),
            ("service-account-jwks-uri", f"{self.issuer}/keys"),
            ("service-account-signing-key-file", accounts),
            ("service-account-key-file", accounts),
            ("api-audiences", "https://kubernetes.default.svc"),
            ("authentication-token-webhook-config-file", self._webhook()),
            ("authentication-token-webhook-version", "v1"),
            ("authentication-token-webhook-cache-ttl", _SEEN_SECONDS),
            ("audit-policy-file", _AUDIT_POLICY),
            ("audit-log-path", self.folder / AUDIT_FILE),
            ("audit-log-maxsize", _AUDIT_MEGABYTES),
            ("audit-log-maxbackup", 1),
            ("profiling", "false"),
        )

    def controller_manager(self) -> tuple[str, ...]:
        """kube-controller-manager, each controller with a service account of its own."""
        own = self.pki.controller_manager()
        return _command(
            self.binaries.controller_manager,
            ("kubeconfig", self._kubeconfig("controller-manager", self.server, own)),
            ("secure-port", 0),
            ("leader-elect", "false"),
            ("controllers", ",".join(CONTROLLERS)),
            ("use-service-account-credentials", "true"),
            ("service-account-private-key-file", self.pki.service_account_key),
            ("root-ca-file", self.pki.authority),
            ("kube-api-qps", 100),
            ("kube-api-burst", 200),
            ("profiling", "false"),
        )

    def _webhook(self) -> Path:
        url = f"https://127.0.0.1:{self.ports.webhook}/authenticate"
        return self._kubeconfig("webhook", url, self.pki.webhook_client())

    def _kubeconfig(self, name: str, server: str, own: Path) -> Path:
        """Of one client with a certificate. JSON is YAML."""
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": name,
                    "cluster": {"server": server, "certificate-authority": str(self.pki.authority)},
                }
            ],
            "users": [{"name": name, "user": {"client-certificate": str(own), "client-key": str(own)}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
        path = self.folder / f"{name}.kubeconfig"
        write_private(path, json.dumps(document).encode())
        return path


def _command(program: Path, *settings: tuple[str, object]) -> tuple[str, ...]:
    return (str(program), *_flags(settings))


def _flags(settings: Iterable[tuple[str, object]]) -> Iterable[str]:
    return (f"--{name}={value}" for name, value in settings)
