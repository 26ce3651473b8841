"""The Kubernetes API over HTTPS: one request, one answer, within a time that holds.

urllib3, not `requests`: that one lets REQUESTS_CA_BUNDLE of the environment replace the cluster's own
authority, and takes a client certificate only from files that stay. Not the `kubernetes` package: 900 model
classes (1 s and 100 MB to import) for what is generic JSON here, and its `exec` support does not renew.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, SSLError
from urllib3.exceptions import TimeoutError as TimedOut

from prodfirst.providers.kubernetes.credentials import Credential, Credentials
from prodfirst.providers.kubernetes.kubeconfig import Access
from prodfirst.providers.kubernetes.objects import Data

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 60.0
"""The server's own limit for a request that is no watch is 60 s (`--request-timeout`)."""
_SILENCE_SECONDS = 10.0
"""So long after a request that nobody answered no other one is made."""
_CONNECTIONS = 32
_THROTTLED_TRIES = 5
_LONGEST_PAUSE = 10.0
_AGENT = "prodfirst"


class Unreachable(Exception):
    """No answer came: the server is down, unknown, or not the one that the kubeconfig trusts."""

    def __init__(self, why: str, *, sent: bool = False, silent: bool = False) -> None:
        super().__init__(why)
        self.sent = sent
        """Whether the server may have got the request, and done what it says."""
        self.silent = silent
        """Whether it was waited for in vain: somebody may be there."""


class ApiError(Exception):
    """The server's refusal, as its `Status` object says it."""

    def __init__(self, code: int, status: Mapping[str, Any], audit: str = "") -> None:
        self.code = code
        """HTTP status."""
        self.audit = audit
        """Id of the call in the server's audit."""
        self.reason = str(status.get("reason") or "")
        """The API's own word, such as `AlreadyExists`."""
        self.details: Mapping[str, Any] = status.get("details") or {}
        self.message = str(status.get("message") or f"HTTP status {code}")
        super().__init__(self.message)

    @property
    def causes(self) -> tuple[Mapping[str, str], ...]:
        """Single fields that are wrong or in conflict: `reason`, `message`, `field`."""
        return tuple(self.details.get("causes") or ())

    @property
    def gone(self) -> bool:
        """Whether the object, or its kind, is not there."""
        return self.code == 404


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says."""

    data: Data
    warnings: tuple[str, ...]
    """Deprecations, unknown fields, policies that only warn."""
    audit: str = ""
    """Id of the call in the server's audit."""


class Client:
    """Requests to one cluster as one user; thread-safe, made once per provider instance."""

    def __init__(
        self,
        access: Access,
        environment: Mapping[str, str] | None = None,
        seconds: float = _ANSWER_SECONDS,
    ) -> None:
        """`environment` is what a command of the kubeconfig runs with; this process's, unless given.

        `seconds` is how long an answer is waited for.
        """
        self.access = access
        self._environment = environment
        self._seconds = seconds
        self._ahead = timedelta()
        self._credentials = Credentials(access, environment)
        self._lock = threading.Lock()
        self._silent = (0.0, "")
        self._pools: dict[tuple[str, str], urllib3.HTTPSConnectionPool | urllib3.HTTPConnectionPool] = {}

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: str = "application/json",
        seconds: float | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        insisting: bool = False,
    ) -> Answer:
        """Ask, and ask again where the server is only busy. Raises ApiError, Unreachable, NoCredentials.

        `headers` go along, such as `Impersonate-User`. `insisting` asks a server that was silent too.
        """
        seconds = self._seconds if seconds is None else seconds
        target = _target(self.access.server, path, query)
        data = None if body is None else json.dumps(body).encode()
        renewed = False
        if not insisting:
            self._refuse_while_silent()
        for attempt in range(1, _THROTTLED_TRIES + 1):
            response = self._sent(method, target, data, {**headers, "Content-Type": content}, seconds)
            if response.status == 401 and not renewed and self._credentials.refused():
                renewed = True
                continue
            if response.status == 429 and attempt < _THROTTLED_TRIES:
                time.sleep(_pause(response.headers.get("Retry-After"), attempt))
                continue
            break
        return _answer(response)

    def now(self) -> datetime:
        """The server's time, by its last answer: at most a second, and that answer's way, too early.

        This machine's where it has not answered yet.
        """
        return datetime.now(UTC) + self._ahead

    def _sent(
        self, method: str, target: str, data: bytes | None, given: Mapping[str, str], seconds: float
    ) -> urllib3.BaseHTTPResponse:
        credential = self._credentials.get()
        headers = {**given, "Accept": "application/json", "User-Agent": _AGENT}
        if credential.header:
            headers["Authorization"] = credential.header
        if data is None:
            del headers["Content-Type"]
        try:
            response = self._answered(method, target, data, headers, credential, seconds)
            self._ahead, self._silent = _ahead(response, self._ahead), (0.0, "")
            return response
        except (HTTPError, OSError) as error:
            sent = not isinstance(error, (NewConnectionError, ConnectTimeoutError, SSLError))
            # urllib3 counts a refused connection among those that were waited for
            silent = isinstance(error, TimedOut) and not isinstance(error, NewConnectionError)
            failure = Unreachable(
                f"the API server {self.access.server} {_why(error)}", sent=sent, silent=silent
            )
            if silent:
                self._silent = (time.monotonic() + _SILENCE_SECONDS, str(failure))
            raise failure from error

    def _answered(
        self,
        method: str,
        target: str,
        data: bytes | None,
        headers: Mapping[str, str],
        credential: Credential,
        seconds: float,
    ) -> urllib3.BaseHTTPResponse:
        """A question is asked again where its connection broke: it may have been idle for long."""
        for again in (method == "GET", False):
            try:
                return self._pool(credential).urlopen(
                    method,
                    target,
                    body=data,
                    headers=headers,
                    retries=False,
                    timeout=urllib3.Timeout(connect=min(_CONNECT_SECONDS, seconds), read=seconds),
                    redirect=False,
                )
            except ProtocolError:
                if not again:
                    raise
        raise AssertionError("the last try ends the loop")

    def _refuse_while_silent(self) -> None:
        """A server that let one caller wait in vain does not let all others wait too."""
        until, why = self._silent
        if time.monotonic() < until:
            raise Unreachable(why, silent=True)

    def _pool(self, credential: Credential) -> urllib3.HTTPSConnectionPool | urllib3.HTTPConnectionPool:
        """Connections belong to a certificate."""
        with self._lock:
            found = self._pools.get((credential.certificate, credential.key))
            if found is None:
                found = _connections(self.access, credential, self._environment)
                self._pools[credential.certificate, credential.key] = found
            return found


def _connections(
    access: Access, credential: Credential, environment: Mapping[str, str] | None
) -> urllib3.HTTPSConnectionPool | urllib3.HTTPConnectionPool:
    proxy = access.proxy or _proxy_for(access.server, environment)
    settings: dict[str, Any] = {"maxsize": _CONNECTIONS, "block": False}
    if urlsplit(access.server).scheme == "https":
        settings["ssl_context"] = _trust(access, credential)
        if access.tls_name:
            settings |= {"server_hostname": access.tls_name, "assert_hostname": access.tls_name}
    manager = urllib3.ProxyManager(proxy, **settings) if proxy else urllib3.PoolManager(**settings)
    return manager.connection_from_url(access.server)


def _trust(access: Access, credential: Credential) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=access.ca or None)
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if credential.certificate:
        with TemporaryDirectory(prefix="prodfirst-") as folder:
            pair = Path(folder, "pair.pem")
            pair.touch(mode=0o600)
            pair.write_text(f"{credential.certificate}\n{credential.key}")
            context.load_cert_chain(pair)
    return context


def _proxy_for(server: str, environment: Mapping[str, str] | None) -> str:
    """The environment's proxy; loopback addresses are reached directly, as Go's clients do."""
    parts = urlsplit(server)
    host = parts.hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return ""
    if environment is None:
        return "" if proxy_bypass(host) else getproxies().get(parts.scheme, "")
    named = {
        key.lower().removesuffix("_proxy"): value
        for key, value in environment.items()
        if key.lower().endswith("_proxy") and value
    }
    return "" if _is_among(host, named.get("no", "")) else named.get(parts.scheme, "")


def _is_among(host: str, listed: str) -> bool:
    """Whether a host, or a domain that it is in, stands in `NO_PROXY`."""
    names = (name.strip().lstrip(".") for name in listed.split(","))
    return any(name in (host, "*") or (name and host.endswith(f".{name}")) for name in names)


def _target(server: str, path: str, query: Mapping[str, str] | None) -> str:
    return urlsplit(server).path.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")


def _answer(response: urllib3.BaseHTTPResponse) -> Answer:
    text = response.data
    try:
        data = json.loads(text) if text else {}
    except ValueError:
        data = {"message": text.decode(errors="replace").strip()[:500]}
    if not isinstance(data, dict):
        data = {"message": str(data)[:500]}
    audit = response.headers.get("Audit-Id", "")
    if response.status >= 300:
        raise ApiError(response.status, data, audit)
    return Answer(data, tuple(_warning(item) for item in response.headers.getlist("Warning")), audit)


def _ahead(response: urllib3.BaseHTTPResponse, known: timedelta) -> timedelta:
    """How far the server's clock is ahead of ours; what is known where an answer does not say."""
    try:
        moment = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return known
    return moment.astimezone(UTC) - datetime.now(UTC)


def _warning(header: str) -> str:
    """The text of `299 - "text"` (RFC 7234)."""
    _, _, quoted = header.partition('"')
    return quoted.rsplit('"', 1)[0].replace('\\"', '"')


def _pause(asked: str | None, attempt: int) -> float:
    seconds = float(asked) if asked and asked.isdigit() else 0.2 * 2**attempt
    return min(seconds, _LONGEST_PAUSE)


def _why(error: BaseException) -> str:
    if isinstance(error, SSLError):
        return f"cannot be trusted: {error.args[0] if error.args else error}"
    if isinstance(error, NewConnectionError):
        return f"cannot be reached: {str(error).rpartition(': ')[2]}"
    if isinstance(error, TimedOut):
        return "gave no answer in time"
    return f"gave no answer: {type(error).__name__}: {error}"
