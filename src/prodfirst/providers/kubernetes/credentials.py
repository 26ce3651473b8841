"""Who a request comes from: tokens that are fixed, in a file, or printed by a command.

The command's protocol: kubernetes.io/docs/reference/config-api/client-authentication.v1.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prodfirst.providers.kubernetes import eks_token
from prodfirst.providers.kubernetes.kubeconfig import Access, ExecPlugin

_COMMAND_SECONDS = 60.0
_EARLY_SECONDS = 30.0
"""A token is asked for anew so long before it ends."""


class NoCredentials(Exception):
    """There is no way to say who asks; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request carries; a certificate is used at the connection."""

    header: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    expires: float = float("inf")
    """Seconds since the epoch."""


class Credentials:
    """The credentials of one user; thread-safe."""

    def __init__(self, access: Access, environment: Mapping[str, str] | None = None) -> None:
        self._access = access
        self._environment = os.environ if environment is None else environment
        self._lock = threading.Lock()
        self._held: Credential | None = None

    def get(self) -> Credential:
        """The current ones. Raises NoCredentials."""
        with self._lock:
            if self._held is None or self._held.expires - _EARLY_SECONDS < time.time():
                self._held = self._made()
            return self._held

    def refused(self) -> bool:
        """The server says 401: forget them; whether asking again may help."""
        with self._lock:
            self._held = None
        return self._access.exec is not None or bool(self._access.token_file)

    def _made(self) -> Credential:
        access = self._access
        if access.exec is not None:
            return _from_command(access.exec, access, self._environment)
        certificate, key = access.certificate, access.key
        if access.token_file:
            return Credential(f"Bearer {_read(access.token_file)}", certificate, key, time.time() + 60)
        if access.token:
            return Credential(f"Bearer {access.token}", certificate, key)
        if access.user:
            pair = base64.b64encode(f"{access.user}:{access.password}".encode()).decode()
            return Credential(f"Basic {pair}", certificate, key)
        return Credential("", certificate, key)


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise NoCredentials(f"the token file `{path}` cannot be read: {error.strerror}") from error


def _from_command(plugin: ExecPlugin, access: Access, environment: Mapping[str, str]) -> Credential:
    known = eks_token.by_keys(plugin.command, plugin.arguments, {**environment, **plugin.environment})
    if known is not None:
        return Credential(f"Bearer {known}", expires=time.time() + eks_token.SECONDS)
    answer = _asked(plugin, access, environment)
    status = answer.get("status") or {}
    token = status.get("token")
    if not token and not status.get("clientCertificateData"):
        raise NoCredentials(f"{_shown(plugin)} printed neither a token nor a certificate")
    return Credential(
        header=f"Bearer {token}" if token else "",
        certificate=status.get("clientCertificateData") or "",
        key=status.get("clientKeyData") or "",
        expires=_seconds(status.get("expirationTimestamp")),
    )


def _asked(plugin: ExecPlugin, access: Access, base: Mapping[str, str]) -> dict[str, Any]:
    """What the command prints. Its output is never part of an error: it may hold a token."""
    info: dict[str, Any] = {"kind": "ExecCredential", "apiVersion": plugin.api_version}
    info["spec"] = {"interactive": False, **({"cluster": _cluster(access)} if plugin.provide_cluster else {})}
    environment = {**base, **plugin.environment, "KUBERNETES_EXEC_INFO": json.dumps(info)}
    hint = f"; {plugin.install_hint}" if plugin.install_hint else ""
    try:
        ran = subprocess.run(
            [plugin.command, *plugin.arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise NoCredentials(f"`{plugin.command}` of the kubeconfig is not installed{hint}") from error
    except OSError as error:
        raise NoCredentials(f"{_shown(plugin)} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise NoCredentials(f"{_shown(plugin)} gave no answer within {_COMMAND_SECONDS:.0f} s") from error
    if ran.returncode != 0:
        said = ran.stderr.decode(errors="replace").strip()[-1000:]
        raise NoCredentials(f"{_shown(plugin)} failed with exit code {ran.returncode}: {said}{hint}")
    try:
        answer = json.loads(ran.stdout)
    except ValueError as error:
        raise NoCredentials(f"{_shown(plugin)} did not print an ExecCredential") from error
    return answer if isinstance(answer, dict) else {}


def _cluster(access: Access) -> dict[str, Any]:
    ca = base64.b64encode(access.ca.encode()).decode()
    return {"server": access.server, **({"certificate-authority-data": ca} if ca else {})}


def _shown(plugin: ExecPlugin) -> str:
    return f"`{' '.join((plugin.command, *plugin.arguments))}`"


def _seconds(stamp: Any) -> float:
    """RFC 3339 as seconds; without one the credential has no end that we know."""
    if not isinstance(stamp, str):
        return float("inf")
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(UTC).timestamp()
