"""What an application does with a credential by reference: it reads it as itself, and asks its database.

The value stays in this process and PostgreSQL's own client, which gets it in its environment: never in an
argument, an error or an answer.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

from botocore.exceptions import ClientError

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.calling import Answer, refusal_of, request_of
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.localcloud.postgres.binaries import binary

_STATEMENT = (
    "select 'PostgreSQL ' || current_setting('server_version') || ' answers ' || current_user "
    "|| ' on ' || current_database()"
)
_SECONDS = 30.0
REFUSED = "DatabaseRefused"
"""Our own word: the credential was read, and the database did not answer."""


@dataclass(frozen=True, slots=True)
class DatabaseQuestion:
    """Who am I, asked of a database on this machine with the credential that `secret` names."""

    secret: str
    """ARN of an RDS secret: `{"username", "password"}`."""
    host: str
    port: int
    database: str

    def command(self) -> tuple[str, ...]:
        """The same by `prodfirst local query`."""
        where = ("--host", self.host, "--port", str(self.port), "--database", self.database)
        return ("prodfirst", "local", "query", "--secret", self.secret, *where)


def ask(question: DatabaseQuestion, access: AwsAccess) -> Answer:
    """Read the credential and ask; that the secret or the database refuses is an answer too.

    Raises Failure where the database takes the question and gives no answer.
    """
    try:
        found = access.client("secretsmanager").get_secret_value(SecretId=question.secret)
    except ClientError as error:
        return refusal_of(error)
    done = told_by_database(question, json.loads(found["SecretString"]))
    if done.returncode != 0:
        return Answer(REFUSED, done.stderr.strip(), request_of(found))
    return Answer("", "", request_of(found), done.stdout.strip())


def told_by_database(question: DatabaseQuestion, secret: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """How PostgreSQL's client ended. Raises Failure where it gets no answer."""
    try:
        return _psql(question, secret)
    except subprocess.TimeoutExpired:
        raise Failure(  # without its cause: nothing of a call with a password in it is to be shown
            Problem(
                "the database gives no answer",
                f"{question.host}:{question.port}/{question.database}",
                f"it was waited for during {_SECONDS:.0f} s",
                "look at `prodfirst local status`, and ask again",
            )
        ) from None


def _psql(question: DatabaseQuestion, secret: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            str(binary("psql")), "--no-psqlrc", "--no-password", "--tuples-only", "--no-align",
            "--host", question.host, "--port", str(question.port), "--username", secret["username"],
            "--dbname", question.database, "--command", _STATEMENT,
        ],
        env={"PGPASSWORD": secret["password"], "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )  # fmt: skip
