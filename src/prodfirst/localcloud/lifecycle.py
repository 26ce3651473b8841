"""Starts and stops the local cloud, and says how to reach it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prodfirst.kernel import processes
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.extras import EXTRAS
from prodfirst.kernel.paths import private_dir, write_private
from prodfirst.localcloud.front import refused
from prodfirst.localcloud.kubernetes.audit import AUDIT_FILE
from prodfirst.localcloud.kubernetes.cluster import STARTING, Cluster, Status, read_all
from prodfirst.localcloud.kubernetes.kubeconfig import write_kubeconfig

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_CLUSTER_SECONDS = 60.0
_POLL = 0.05
_LOG_TAIL = 15


@dataclass(frozen=True, slots=True)
class Running:
    """A local cloud that is up."""

    pid: int
    port: int
    """Of the front, on 127.0.0.1."""
    account: str
    region: str
    agent: int
    """Port of the EKS Pod Identity agent, on 127.0.0.1."""

    @property
    def agent_url(self) -> str:
        """For `AWS_CONTAINER_CREDENTIALS_FULL_URI` of a process that stands for a pod."""
        return f"http://127.0.0.1:{self.agent}/v1/credentials"


@dataclass(frozen=True)
class LocalCloud:
    """The local cloud of one installation; everything it has lies in `home` (mode 0700)."""

    home: Path

    def up(
        self,
        account: str,
        region: str,
        progress: Callable[[str], None] = lambda _text: None,
    ) -> Running:
        """Start it where it is not running; returns when it answers. Raises Failure with the log's end."""
        with self._alone():
            running = self._running()
            if running is not None and running.account == account:
                return running
            if running is not None:
                raise Failure(
                    Problem(
                        f"the local cloud runs with account {running.account}, not {account}",
                        why="one installation has one local cloud",
                        fix="run `prodfirst local down` first, or set `PRODFIRST_HOME` to another folder",
                    )
                )
            progress("starting the local cloud")
            started = self._start(account, region)
        self._await_clusters(progress)
        return started

    def down(self) -> bool:
        """Stop it, with its state saved; False where it was not running."""
        with self._alone():
            running = self._running()
            if running is None:
                return False
            os.kill(running.pid, signal.SIGTERM)
            if not self._ended(running.pid, _STOP_SECONDS):
                os.kill(running.pid, signal.SIGKILL)
                self._ended(running.pid, _STOP_SECONDS)
            (self.home / "running.json").unlink(missing_ok=True)
            return True

    def reset(self) -> None:
        """Stop it, and forget everything that it held."""
        self.down()
        with self._alone():
            for path in self.home.iterdir():
                if path.name != "lock":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def status(self) -> Running | None:
        """What is running, or None."""
        return self._running() if self.home.is_dir() else None

    def environment(self, region: str | None = None) -> Mapping[str, str]:
        """What a child process needs to work with it as its administrator: production settings alone."""
        running = self._up()
        administrator = json.loads((self.home / "administrator.json").read_text())
        chosen = region or running.region
        return {
            **self.reach(),
            "AWS_ACCESS_KEY_ID": administrator["key"],
            "AWS_SECRET_ACCESS_KEY": administrator["secret"],
            "AWS_REGION": chosen,
            "AWS_DEFAULT_REGION": chosen,
        }

    def for_kubectl(self) -> Mapping[str, str]:
        """Where `kubectl` finds the clusters as they are now, and never the user's own; no credentials.

        The first file is the one that `aws eks update-kubeconfig` writes.
        """
        ours = write_kubeconfig(self.home / "kubernetes", self.clusters())
        return {"KUBECONFIG": os.pathsep.join((str(self.home / "kubeconfig"), str(ours)))}

    def reach(self) -> Mapping[str, str]:
        """What a child process needs to reach it as nobody: no credentials."""
        return {**self.proxy(self._up()), "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}  # fmt: skip

    def proxy(self, running: Running) -> dict[str, str]:
        """The front and its certificate authority, in the variables that clients read."""
        front = f"http://127.0.0.1:{running.port}"
        authority = str(self.home / "authority" / "ca.pem")
        return {
            "HTTPS_PROXY": front,
            "https_proxy": front,
            "HTTP_PROXY": front,
            "http_proxy": front,
            "NO_PROXY": "127.0.0.1,localhost,::1",
            "no_proxy": "127.0.0.1,localhost,::1",
            "AWS_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
            "REQUESTS_CA_BUNDLE": authority,
        }

    def refused(self, since: float) -> tuple[str, ...]:
        """Hosts that some child asked for and the front refused, since a time."""
        return refused(self.home / "refused.jsonl", since)

    def clusters(self) -> tuple[Cluster, ...]:
        """The Kubernetes clusters that it has, running or not."""
        return read_all(self.home / "kubernetes")

    def cluster_audit(self, cluster: Cluster) -> Path:
        """The audit log of a cluster's API server (localcloud/kubernetes/audit.py)."""
        return self.cluster_folder(cluster) / AUDIT_FILE

    def cluster_folder(self, cluster: Cluster) -> Path:
        """All that it has of a cluster."""
        return self.home / "kubernetes" / cluster.id

    @property
    def audit(self) -> Path:
        """The audit log, JSON lines."""
        return self.home / "audit.jsonl"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two commands that start or stop it wait for each other."""
        private_dir(self.home)
        descriptor = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _await_clusters(self, progress: Callable[[str], None]) -> None:
        """Give clusters from before the time to answer again; says which do not."""
        end = time.monotonic() + _CLUSTER_SECONDS
        told = False
        while waiting := [c for c in self._active() if c.reason == STARTING]:
            if not told:
                progress(f"starting {', '.join(str(cluster.key) for cluster in waiting)}")
                told = True
            if time.monotonic() > end or self.status() is None:
                break
            time.sleep(_POLL)
        for cluster in self._active():
            if cluster.reason:
                progress(f"{cluster.key} does not answer: {cluster.reason}")

    def _active(self) -> list[Cluster]:
        return [cluster for cluster in self.clusters() if cluster.status is Status.ACTIVE]

    def _up(self) -> Running:
        running = self.status()
        if running is None:
            raise Failure(Problem("the local cloud is not running", fix="run `prodfirst local up`"))
        return running

    def _running(self) -> Running | None:
        try:
            data: dict[str, Any] = json.loads((self.home / "running.json").read_text())
        except FileNotFoundError:
            return None
        running = Running(data["pid"], data["port"], data["account"], data["region"], data["agent"])
        return running if _is_ours(running.pid) else None

    def _start(self, account: str, region: str) -> Running:
        if missing := EXTRAS["local"].missing:
            # the same that an import in this process would say
            raise ModuleNotFoundError(f"no module {missing[0]}", name=missing[0])
        port = self._last_port()
        (self.home / "running.json").unlink(missing_ok=True)
        log = self.home / "daemon.log"
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "prodfirst.localcloud.daemon"],
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                env=_minimal_environment(),
                cwd=self.home,
                text=True,
            )
        told = {"folder": str(self.home), "account": account, "region": region, "port": port}
        assert process.stdin is not None  # noqa: S101 - asked for above
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.close()
        return self._ready(process, log)

    def _ready(self, process: subprocess.Popen[str], log: Path) -> Running:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            if (running := self._running()) is not None:
                write_private(self.home / "port", str(running.port).encode())
                return running
            time.sleep(_POLL)
        process.kill()
        process.wait()
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL:])
        raise Failure(
            Problem(
                "the local cloud did not start",
                str(log),
                tail or "it said nothing",
                "see the log, then try again",
            )
        )

    def _last_port(self) -> int:
        """The port of the last run, so that an environment printed then stays true; 0 for any."""
        try:
            return int((self.home / "port").read_text())
        except FileNotFoundError:
            return 0

    def _ended(self, pid: int, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not _is_ours(pid):
                return True
            time.sleep(_POLL)
        return False


def _is_ours(pid: int) -> bool:
    """Whether the process is a daemon of ours, and no other that got a recycled number."""
    with suppress(ChildProcessError):  # it may be a child of this process that has ended
        os.waitpid(pid, os.WNOHANG)
    return "prodfirst.localcloud.daemon" in processes.command_of(pid)


def _minimal_environment() -> dict[str, str]:
    """What the daemon may know of the user's: where things are, and how Go reaches its modules."""
    wanted = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "PRODFIRST_CACHE",
              "XDG_CACHE_HOME", "KUBEBUILDER_ASSETS", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")  # fmt: skip
    return {key: value for key, value in os.environ.items() if key in wanted or key.startswith("GO")}
