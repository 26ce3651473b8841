"""`prodfirst local`: the local cloud of this installation."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prodfirst.cli.groups import InOrder
from prodfirst.cli.options import (
    environment_option,
    file_option,
    identities,
    json_option,
    open_site,
    print_json,
    reporter,
)
from prodfirst.kernel.errors import Failure, InvalidInput, Problem

if TYPE_CHECKING:
    from prodfirst.localcloud.lifecycle import LocalCloud

_FOLLOW_SECONDS = 0.3


@click.group(cls=InOrder)
def local() -> None:
    """The local cloud: real AWS host names on this machine, with real credentials and enforced permissions.

    \b
    Examples:
      prodfirst local up
      prodfirst local exec -- aws s3 ls
      eval "$(prodfirst local env)"
    """


@local.command(short_help="Start it, as the local environment says.")
@file_option
@environment_option
def up(file: Path | None, environment: str | None) -> None:
    """Start it, with the account and region of the estate's local environment."""
    site = open_site(file, environment)
    if not site.environment.local:
        raise InvalidInput(
            Problem(
                f"environment `{site.environment.name}` is not local",
                site.environment.position,
                fix="choose one with `local: true` by `--env`",
            )
        )
    begun = time.monotonic()
    running = site.cloud.up(site.environment.account, site.environment.region, reporter(quiet=False))
    click.echo(f"the local cloud is up: account {running.account}, {time.monotonic() - begun:.1f} s")
    known = any(map(site.is_bootstrapped, site.estate.stacks.values()))
    click.echo(f"next: prodfirst {'status' if known else 'bootstrap'}", err=True)


@local.command()
def down() -> None:
    """Stop it; its state is kept."""
    click.echo("the local cloud is down" if _cloud().down() else "the local cloud was not running")


@local.command()
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Stop it and forget everything in it."""
    if not yes:
        click.confirm("forget everything in the local cloud?", abort=True, err=True)
    _cloud().reset()
    click.echo("the local cloud is empty")


@local.command()
@json_option
def status(as_json: bool) -> None:
    """Show whether it runs, and where."""
    running = _cloud().status()
    clusters = _cloud().clusters()
    if as_json:
        facts = {"pid": running.pid, "port": running.port, "account": running.account} if running else {}
        shown = [
            {"name": c.name, "region": c.region, "status": c.status, "reason": c.reason} for c in clusters
        ]
        print_json(
            {"prodfirst": "local", "version": 1, "running": running is not None, "clusters": shown, **facts}
        )
        return
    if running is None:
        click.echo("down; start it with `prodfirst local up`")
    else:
        click.echo(
            f"up: listens on 127.0.0.1:{running.port}, account {running.account}, process {running.pid}"
        )
    for cluster in clusters:
        state = cluster.status.lower() if running else "stopped"
        click.echo(f"{cluster.key}: {state}{f', {cluster.reason}' if cluster.reason else ''}")


@local.command(short_help="End all session credentials now.")
def expire() -> None:
    """End all session credentials now, as if their time were up: what a run does then can be rehearsed."""
    from prodfirst.localcloud.expiring import expire_sessions

    expire_sessions(_cloud())
    click.echo("every session credential of the local cloud has expired")


@local.command(short_help="Print its administrator's environment.")
@click.option(
    "--shell",
    type=click.Choice(["sh", "fish"]),
    default="sh",
    show_default=True,
    help="For whose `eval` it is written; `sh` is also for bash and zsh.",
)
def env(shell: str) -> None:
    """Print the environment of its administrator, for `eval`. It holds credentials of the local cloud."""
    for key, value in _administrator().items():
        quoted = shlex.quote(value)
        click.echo(f"set -gx {key} {quoted};" if shell == "fish" else f"export {key}={quoted}")


@local.command(
    name="exec",
    short_help="Run a command as its administrator, or as WHO.",
    context_settings={"ignore_unknown_options": True},
)
@file_option
@environment_option
@click.option(
    "--as",
    "identity",
    metavar="WHO",
    shell_complete=identities,
    help="Under a stack's identity, such as shop/apply or shop/workload, or a team's, such as team:data.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(
    command: tuple[str, ...], identity: str | None, file: Path | None, environment: str | None
) -> None:
    """Run COMMAND as the administrator of the local cloud, under an identity of a stack, or as one of a team.

    \b
    Examples:
      prodfirst local exec -- aws s3 ls
      prodfirst local exec --as network/plan -- aws sts get-caller-identity
      prodfirst local exec --as team:data -- aws rds describe-db-clusters
      prodfirst local exec --as shop/apply -- kubectl get deployments -n shop
    """
    variables = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    chosen = _identity(identity, file, environment) if identity else _administrator()
    # the user's own commands first; after them what came with prodfirst, such as `aws` in its environment
    tools = os.pathsep.join((os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)))
    try:
        os.execvpe(command[0], list(command), {**variables, **chosen, "PATH": tools})  # noqa: S606
    except FileNotFoundError as error:
        raise InvalidInput(
            Problem(
                f"no command `{command[0]}`", why="it is not on the PATH", fix="install it, or name its path"
            )
        ) from error


def _administrator() -> Mapping[str, str]:
    """The variables of the administrator's processes."""
    cloud = _cloud()
    return {**cloud.environment(), **cloud.for_kubectl()}


def _identity(identity: str, file: Path | None, environment: str | None) -> Mapping[str, str]:
    """The variables of somebody's role, taken on for this command."""
    from prodfirst.usecases.acting import acting

    site = open_site(file, environment)
    return {**acting(site, identity)[1].environment, **site.cloud.for_kubectl()}


@local.command(short_help="Ask one of its databases.")
@click.option("--secret", required=True, metavar="ARN", help="Where the credential lies.")
@click.option("--host", required=True, metavar="NAME", help="Of the database server.")
@click.option(
    "--port", type=click.IntRange(1, 65535), required=True, metavar="PORT", help="Where it listens."
)
@click.option("--database", required=True, metavar="NAME", help="Which of its databases.")
def query(secret: str, host: str, port: int, database: str) -> None:
    """Ask a database of the local cloud, as a program does: its credential is read by reference.

    Whoever runs this reads the secret, by the AWS credentials of the environment.

    \b
    Example:
      prodfirst local exec --as shop/workload -- prodfirst local query \\
        --secret ARN --host HOST --port 5432 --database shop
    """
    from prodfirst.adapters.aws.access import ambient
    from prodfirst.adapters.aws.asking import DatabaseQuestion, ask

    region = os.environ.get("AWS_REGION")
    if region is None:
        raise InvalidInput(
            Problem("nobody asks", why="there are no AWS settings", fix="run it by `prodfirst local exec`")
        )
    answer = ask(DatabaseQuestion(secret, host, port, database), ambient(region, os.environ))
    if answer.code:
        why = f"({answer.code}) {answer.reason}"
        raise Failure(Problem("the database did not answer", secret, why))
    click.echo(answer.told)


@local.command()
@click.option("--denied", is_flag=True, help="Only calls that were refused.")
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    metavar="COUNT",
    help="At most so many.",
)
@json_option
def logs(denied: bool, follow: bool, lines: int, as_json: bool) -> None:
    """Show the audit: who called what, and what was decided."""
    path = _cloud().audit
    if not path.exists():
        click.echo("nobody has called the local cloud yet", err=True)
        return
    with path.open() as stream:
        kept = [line for line in stream if _wanted(line, denied)]
        for line in kept[-lines:]:
            _show(line, as_json)
        while follow:
            if line := stream.readline():
                if _wanted(line, denied):
                    _show(line, as_json)
            else:
                time.sleep(_FOLLOW_SECONDS)


def _wanted(line: str, denied: bool) -> bool:
    return not denied or json.loads(line)["decision"] == "deny"


def _show(line: str, as_json: bool) -> None:
    if as_json:
        click.echo(line.rstrip())
        return
    entry = json.loads(line)
    moment = time.strftime("%H:%M:%S", time.localtime(entry["time"]))
    who = entry["principal"] or entry["key"] or "nobody"
    what = f"{entry['service']}:{entry['operation'] or '?'}"
    on = " ".join(f"{key}={value}" for key, value in entry["parameters"].items())
    click.echo(f"{moment} {entry['decision']:<5} {what:<32} {who} {on} {entry['reason']}".rstrip())


def _cloud() -> LocalCloud:
    from prodfirst.kernel.paths import home
    from prodfirst.localcloud.lifecycle import LocalCloud

    return LocalCloud(home() / "local")
