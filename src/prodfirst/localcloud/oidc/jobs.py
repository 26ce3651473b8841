"""CI jobs, as far as tokens go: each has one subject, and a request token that ends with it.

Claims and their values as GitHub documents them ("About security hardening with OpenID Connect").
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

ISSUER_HOST = "token.actions.githubusercontent.com"
ISSUER = f"https://{ISSUER_HOST}"
PIPELINES_HOST = "pipelines.actions.githubusercontent.com"
RUNNER_FILE = "runner.json"
"""In the issuer's folder: what the runner service needs to reach it."""
TOKEN_SECONDS = 300
"""How long an ID token lives; as GitHub's do."""
JOB_SECONDS = 3600
"""How long a job may ask for tokens where nobody ends it before."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a job is for; it decides the job's one subject."""

    repository: str
    """`OWNER/NAME`."""
    environment: str
    """The CI environment, such as `production-shop-apply`."""
    ref: str = "refs/heads/main"
    sha: str = "0" * 40
    workflow: str = ".github/workflows/prodfirst.yml"

    @property
    def subject(self) -> str:
        """The `sub` of a job that declares an environment: no ref in it."""
        return f"repo:{self.repository}:environment:{self.environment}"


@dataclass(frozen=True, slots=True)
class Job:
    """One job that runs."""

    id: str
    run: str
    work: Work
    ends: float
    """Seconds of the epoch after which it counts as ended."""

    def claims(self, audience: str, now: float) -> Mapping[str, Any]:
        """What an ID token of this job says."""
        work = self.work
        owner = work.repository.partition("/")[0]
        return {
            "iss": ISSUER,
            "aud": audience or f"https://github.com/{owner}",
            "sub": work.subject,
            "jti": str(uuid4()),
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now) + TOKEN_SECONDS,
            "repository": work.repository,
            "repository_owner": owner,
            "environment": work.environment,
            "ref": work.ref,
            "ref_type": "tag" if work.ref.startswith("refs/tags/") else "branch",
            "sha": work.sha,
            "job_workflow_ref": f"{work.repository}/{work.workflow}@{work.ref}",
            "run_id": self.run,
            "run_attempt": "1",
            "runner_environment": "self-hosted",
        }


def claim_names() -> list[str]:
    """What ID tokens say, for the discovery document."""
    return sorted(Job("", "", Work("", ""), 0).claims("", 0))


class Jobs:
    """The jobs that run now. They are kept in memory alone: a restart ends them all."""

    def __init__(self) -> None:
        self._running: dict[str, Job] = {}
        self._requests: dict[str, str] = {}
        """SHA-256 of a request token → job id."""
        self._issued: dict[str, str] = {}
        """`jti` → job id."""

    def start(self, work: Work, seconds: float = JOB_SECONDS) -> tuple[Job, str]:
        """A new job, and its request token, which nobody can read again."""
        self._forget_ended()
        job = Job(str(uuid4()), str(secrets.randbelow(10**10)), work, time.time() + seconds)
        token = secrets.token_urlsafe(32)
        self._running[job.id] = job
        self._requests[_digest(token)] = job.id
        return job, token

    def end(self, id: str) -> bool:
        """End a job: its request token and its ID tokens are worth nothing from now on. False if unknown."""
        self._requests = {digest: job for digest, job in self._requests.items() if job != id}
        self._issued = {jti: job for jti, job in self._issued.items() if job != id}
        return self._running.pop(id, None) is not None

    def of_request(self, token: str) -> Job | None:
        """The running job that this request token belongs to."""
        return self._alive(self._requests.get(_digest(token), ""))

    def issue(self, job: Job, audience: str) -> Mapping[str, Any]:
        """The claims of a new ID token of a running job."""
        claims = job.claims(audience, time.time())
        self._issued[claims["jti"]] = job.id
        return claims

    def is_running(self, jti: str) -> bool:
        """Whether the job that an ID token was minted for still runs."""
        return self._alive(self._issued.get(jti, "")) is not None

    def _alive(self, id: str) -> Job | None:
        job = self._running.get(id)
        return job if job is not None and job.ends > time.time() else None

    def _forget_ended(self) -> None:
        for job in [job for job in self._running.values() if job.ends <= time.time()]:
            self.end(job.id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
