"""One PostgreSQL server: its data folder, its accounts, its process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prodfirst.kernel import processes
from prodfirst.kernel.paths import private_dir
from prodfirst.localcloud.postgres.binaries import binary, data_argument, own, user

_ADMINISTRATOR = "rdsadmin"
"""The superuser, as RDS calls its own; nobody can log in as it."""
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_MAKE_SECONDS = 120.0
_POLL = 0.02
_ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
_ACCESS = f"""\
local   all all reject
host    all {_ADMINISTRATOR} all reject
host    all all 127.0.0.0/8 scram-sha-256
"""
"""pg_hba.conf: nobody is let in without a password. The programs of the package know no TLS."""
_SETTINGS: Mapping[str, str] = {
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    # a statement that fails may hold a password
    "log_min_error_statement": "panic",
}


class DatabaseError(Exception):
    """PostgreSQL did not do what was asked; the text is its own, without any statement."""


@dataclass
class Server:
    """A server whose data lies in `folder`; made by `make`, runs between `start` and `stop`."""

    folder: Path
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def make(self, master: str, password: str, database: str) -> None:
        """A new data folder with the master user and, where named, a database. Raises DatabaseError."""
        try:
            private_dir(self.folder)
            own(self.folder)
            self._run("initdb", "-U", _ADMINISTRATOR, "--auth=reject", "--no-sync", "-E", "UTF8",
                      "--locale=C.UTF-8")  # fmt: skip
            self._write("pg_hba.conf", _ACCESS.encode())
            owner = _identifier(master)
            statements = [
                f"CREATE ROLE {owner} LOGIN CREATEDB CREATEROLE PASSWORD {_literal(password)}",
                # the roles that RDS makes, so that what grants them works
                "CREATE ROLE rds_superuser NOLOGIN",
                "CREATE ROLE rds_iam NOLOGIN",
                "GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser",
                f"GRANT rds_superuser, rds_iam TO {owner} WITH ADMIN OPTION",
                f"ALTER DATABASE postgres OWNER TO {owner}",
            ]
            if database and database != "postgres":
                statements.append(f"CREATE DATABASE {_identifier(database)} OWNER {owner}")
            self._single(statements)
        except BaseException:
            self.remove()
            raise

    def set_password(self, master: str, password: str) -> None:
        """Change the master user's password; the server must be stopped. Raises DatabaseError."""
        self._single([f"ALTER ROLE {_identifier(master)} PASSWORD {_literal(password)}"])

    def await_predecessor(self) -> None:
        """A server of a daemon that was killed may still be ending; what it left behind is cleared."""
        lines = self._pid_lines()
        end = time.monotonic() + _STOP_SECONDS
        while lines and _works_in(lines[0], self.folder) and time.monotonic() < end:
            time.sleep(_POLL)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def launch(self, address: str, port: int) -> None:
        """Begin to listen on `address`; the server ends with the thread that calls this."""
        settings = {**_SETTINGS, "listen_addresses": address, "port": str(port)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            self._process = processes.start(
                [str(binary("postgres")), "-D", data_argument(self.folder), *options],
                environment=_ENVIRONMENT,
                stdout=stream,
                stderr=stream,
                cwd=self.folder,
                user=user(),
                death_signal=signal.SIGQUIT,
            )

    def await_ready(self) -> None:
        """Return when it answers. Raises DatabaseError with the end of its log."""
        end = time.monotonic() + _START_SECONDS
        while not self._ready():
            if not self.running or time.monotonic() > end:
                self.stop()
                raise DatabaseError(f"PostgreSQL did not start: {self._last_words()}")
            time.sleep(_POLL)

    def stop(self) -> None:
        """End it, with its data on disk; connections are cut."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):  # it is killed next
                self._process.wait(_STOP_SECONDS)
        processes.end(self._process)
        self._process = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def copy(self, folder: Path) -> None:
        """Its data as it is now, in another folder; the server must be stopped."""
        shutil.copytree(self.folder, folder, symlinks=True)
        for path in (folder, *folder.rglob("*")):
            own(path)

    def remove(self) -> None:
        """Forget the data."""
        shutil.rmtree(self.folder)
        self.log.unlink(missing_ok=True)

    def _single(self, statements: list[str]) -> None:
        """Statements as the superuser, in PostgreSQL's single-user mode: they go through a pipe alone."""
        text = "".join(f"{statement};\n\n" for statement in statements)
        self._run("postgres", "--single", "-j", "-c", "exit_on_error=on", "-c",
                  "log_min_error_statement=panic", "postgres", said=text)  # fmt: skip

    def _run(self, name: str, *arguments: str, said: str = "") -> None:
        first, rest = (arguments[:1], arguments[1:]) if name == "postgres" else ((), arguments)
        process = processes.start(
            [str(binary(name)), *first, "-D", data_argument(self.folder), *rest],
            environment=_ENVIRONMENT,
            stdin=subprocess.PIPE,
            cwd=self.folder,
            user=user(),
            death_signal=signal.SIGKILL,
        )
        try:
            _, errors = process.communicate(said.encode(), timeout=_MAKE_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise DatabaseError(f"{name} did not end within {_MAKE_SECONDS:.0f} s") from error
        finally:
            processes.end(process)
        if process.returncode:
            raise DatabaseError(f"{name} failed: {_telling(errors.decode(errors='replace'))}")

    def _write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(content)
        own(path)

    def _ready(self) -> bool:
        """The eighth line of the server's own pid file says so, as `pg_ctl` reads it."""
        lines = self._pid_lines()
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _pid_lines(self) -> list[str]:
        try:
            return (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _last_words(self) -> str:
        return _telling(self.log.read_text(errors="replace")) if self.log.exists() else "it said nothing"


def _works_in(pid: str, folder: Path) -> bool:
    try:
        return (Path("/proc") / pid.strip() / "cwd").readlink() == folder.resolve()
    except OSError:
        return False


def _telling(text: str) -> str:
    lines = text.splitlines()
    telling = [line for line in lines if "FATAL" in line or "ERROR" in line or "error" in line]
    return (telling or lines or ["it said nothing"])[-1].strip()


def _identifier(name: str) -> str:
    _refuse_control(name)
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    _refuse_control(text)
    return "'" + text.replace("'", "''") + "'"


def _refuse_control(text: str) -> None:
    """Single-user mode reads line by line."""
    if not text.isprintable():
        raise DatabaseError("a name or a password holds a character that cannot be printed")
