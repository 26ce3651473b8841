"""The runner service's side of the local issuer: starts a job, says what its process is given, ends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import urllib3

from prodfirst.kernel.errors import Failure, Problem
from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.localcloud.oidc.jobs import JOB_SECONDS, PIPELINES_HOST, RUNNER_FILE, Work

_SECONDS = 20.0


@dataclass(frozen=True)
class StartedJob:
    """A job that runs."""

    id: str
    subject: str
    variables: Mapping[str, str] = field(repr=False)
    """What its process gets, by GitHub's names; with the front and its certificate authority."""


@dataclass(frozen=True)
class Runner:
    """The runner service of a running local cloud."""

    cloud: LocalCloud

    @contextmanager
    def job(self, work: Work, seconds: float = JOB_SECONDS) -> Iterator[StartedJob]:
        """A job that ends with the block: its tokens are worth nothing after it."""
        started = self.start(work, seconds)
        try:
            yield started
        finally:
            self.end(started.id)

    def start(self, work: Work, seconds: float = JOB_SECONDS) -> StartedJob:
        """Start a job. Raises Failure where the issuer refuses it."""
        made = self._call("POST", "jobs", {**asdict(work), "seconds": seconds})
        request = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": made["url"],
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": made["token"],
        }
        return StartedJob(made["job"], made["subject"], {**self.cloud.reach(), **request})

    def end(self, id: str) -> None:
        """End a job."""
        self._call("DELETE", f"jobs/{id}")

    def rotate(self) -> str:
        """Have the issuer sign with a new key; returns its id."""
        return str(self._call("POST", "keys")["kid"])

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        reach = self.cloud.reach()
        key = json.loads((self.cloud.home / RUNNER_FILE).read_text())["key"]
        with urllib3.ProxyManager(reach["HTTPS_PROXY"], ca_certs=reach["SSL_CERT_FILE"]) as http:
            answer = http.request(
                method,
                f"https://{PIPELINES_HOST}/runner/{path}",
                headers={"Authorization": f"Bearer {key}"},
                body=json.dumps(dict(body or {})),
                timeout=_SECONDS,
                retries=False,
            )
        if answer.status >= 300:
            why = answer.data.decode("utf-8", "replace")[:500]
            raise Failure(
                Problem(f"the local issuer refused {method} {path}: {answer.status}", PIPELINES_HOST, why)
            )
        return dict(json.loads(answer.data)) if answer.data else {}
