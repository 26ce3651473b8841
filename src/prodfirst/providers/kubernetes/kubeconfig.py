"""Kubeconfig files: which server, whom to trust, and as whom.

Format: kubernetes.io/docs/reference/config-api/kubeconfig.v1.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

_IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class InvalidKubeconfig(Exception):
    """The configuration cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A command that prints credentials, such as `aws eks get-token`."""

    command: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    api_version: str
    install_hint: str = ""
    provide_cluster: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """All that is needed to reach one cluster as one user. Key material never shows in a `repr`."""

    server: str
    """`https://host:port`, perhaps with a path."""
    namespace: str = "default"
    ca: str = field(default="", repr=False)
    """PEM; empty for the system's own authorities."""
    insecure: bool = False
    tls_name: str = ""
    proxy: str = ""
    token: str = field(default="", repr=False)
    token_file: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    """PEM"""
    key: str = field(default="", repr=False)
    """PEM"""
    exec: ExecPlugin | None = None


def access_of(kubeconfig: str | None, context: str = "", cluster: str = "") -> Access:
    """Read `kubeconfig` (contents or path; None for the user's own) and choose a context.

    Raises InvalidKubeconfig.
    """
    text, folder, where = _text(kubeconfig)
    if text is None:
        return _in_cluster()
    data = _parsed(text, where)
    chosen = context or data.get("current-context") or ""
    found = _named(data, "contexts", "context", chosen, where) if chosen else {}
    server = _named(data, "clusters", "cluster", cluster or found.get("cluster") or _only(data), where)
    user_name = found.get("user")
    user = _named(data, "users", "user", user_name, where) if user_name else {}
    return _access(server, user, found.get("namespace") or "default", folder, where)


def identity_of(kubeconfig: Any, context: Any, cluster: Any) -> tuple[str, str] | None:
    """Server and authority of the active cluster; None where nothing can be said."""
    if not isinstance(kubeconfig, str) or not kubeconfig:
        return None
    try:
        found = access_of(kubeconfig, context or "", cluster or "")
    except InvalidKubeconfig:
        return None
    return found.server, found.ca


def _text(kubeconfig: str | None) -> tuple[str | None, Path, str]:
    """Contents, the folder that relative paths start at, and what to call it."""
    if kubeconfig is None or not kubeconfig.strip():
        path = _ambient()
        if path is None:
            return None, Path(), ""
    elif "\n" in kubeconfig or kubeconfig.lstrip().startswith("{"):
        return kubeconfig, Path(), "the kubeconfig"
    else:
        path = Path(kubeconfig).expanduser()
    try:
        return path.read_text(), path.parent, f"the kubeconfig `{path}`"
    except OSError as error:
        raise InvalidKubeconfig(f"the kubeconfig `{path}` cannot be read: {error.strerror}") from error


def _ambient() -> Path | None:
    """`KUBECONFIG`'s first existing file, or the user's own; None inside a pod without either."""
    named = [Path(part) for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    own = Path.home() / ".kube" / "config"
    for path in named:
        if path.is_file():
            return path
    if named:
        raise InvalidKubeconfig(f"KUBECONFIG names no file that exists: `{os.environ['KUBECONFIG']}`")
    if own.is_file():
        return own
    if (_IN_CLUSTER / "token").is_file():
        return None
    raise InvalidKubeconfig("there is no kubeconfig: give the provider one, or set KUBECONFIG")


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        problem = getattr(error, "problem", None) or "not YAML"
        raise InvalidKubeconfig(f"{where} is not valid YAML: {problem}") from error
    if not isinstance(data, dict):
        raise InvalidKubeconfig(f"{where} is not a kubeconfig: it holds no fields")
    return data


def _only(data: dict[str, Any]) -> str:
    """The single cluster of a file without contexts."""
    clusters = data.get("clusters") or []
    return str(clusters[0].get("name", "")) if len(clusters) == 1 and not data.get("contexts") else ""


def _named(data: dict[str, Any], many: str, one: str, name: Any, where: str) -> dict[str, Any]:
    listed = [item for item in data.get(many) or [] if isinstance(item, dict)]
    for item in listed:
        if item.get("name") == name:
            return item.get(one) or {}
    known = ", ".join(f"`{item.get('name')}`" for item in listed) or "none"
    raise InvalidKubeconfig(f"{where} has no {one} named `{name or ''}`; it has {known}")


def _access(server: dict[str, Any], user: dict[str, Any], namespace: str, folder: Path, where: str) -> Access:
    if not server.get("server"):
        raise InvalidKubeconfig(f"{where} names no server for the cluster")
    if "auth-provider" in user:
        raise InvalidKubeconfig(f"{where} uses `auth-provider`, which Kubernetes removed; use `exec`")
    plugin = user.get("exec")
    return Access(
        server=str(server["server"]).rstrip("/"),
        namespace=namespace,
        ca=_material(server, "certificate-authority", folder, where),
        insecure=bool(server.get("insecure-skip-tls-verify")),
        tls_name=str(server.get("tls-server-name") or ""),
        proxy=str(server.get("proxy-url") or ""),
        token=str(user.get("token") or ""),
        token_file=str(folder / user["tokenFile"]) if user.get("tokenFile") else "",
        user=str(user.get("username") or ""),
        password=str(user.get("password") or ""),
        certificate=_material(user, "client-certificate", folder, where),
        key=_material(user, "client-key", folder, where),
        exec=_plugin(plugin) if isinstance(plugin, dict) else None,
    )


def _material(section: dict[str, Any], key: str, folder: Path, where: str) -> str:
    """PEM text from `KEY-data` (base64) or from the file at `KEY`."""
    if encoded := section.get(f"{key}-data"):
        try:
            return base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidKubeconfig(f"{where}: `{key}-data` is not base64 of a PEM text") from error
    if not (named := section.get(key)):
        return ""
    path = folder / str(named)
    try:
        return path.read_text()
    except OSError as error:
        raise InvalidKubeconfig(f"{where}: `{key}` cannot be read at `{path}`: {error.strerror}") from error


def _plugin(section: dict[str, Any]) -> ExecPlugin:
    return ExecPlugin(
        command=str(section.get("command") or ""),
        arguments=tuple(str(item) for item in section.get("args") or ()),
        environment={str(item["name"]): str(item["value"]) for item in section.get("env") or ()},
        api_version=str(section.get("apiVersion") or "client.authentication.k8s.io/v1"),
        install_hint=str(section.get("installHint") or ""),
        provide_cluster=bool(section.get("provideClusterInfo")),
    )


def _in_cluster() -> Access:
    """A pod's own service account."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise InvalidKubeconfig("there is no kubeconfig, and KUBERNETES_SERVICE_HOST is not set")
    return Access(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        namespace=(_IN_CLUSTER / "namespace").read_text().strip() or "default",
        ca=(_IN_CLUSTER / "ca.crt").read_text(),
        token_file=str(_IN_CLUSTER / "token"),
    )
