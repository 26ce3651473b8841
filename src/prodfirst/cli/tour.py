"""The steps of the demo: each is told, run and checked; one that does not show what it says fails."""

from __future__ import annotations

import time
from pathlib import Path

import click

from prodfirst.cli.options import open_site
from prodfirst.cli.plans import answer_in, carry_out, engine_of, make_plan
from prodfirst.cli.tour_cascade import show_cascade, show_contract_law
from prodfirst.cli.tour_proofs import show_deployers, show_proofs
from prodfirst.estate.definition import Layer, StackName
from prodfirst.estate.selection import select
from prodfirst.kernel.errors import ExitCode, Failure, Problem
from prodfirst.planning.drifting import DeploymentDrift
from prodfirst.rendering.progress import progress
from prodfirst.usecases.bootstrap import bootstrap
from prodfirst.usecases.drift import drift
from prodfirst.usecases.site import Site


def tour(file: Path, out: Path) -> ExitCode:
    """Run the demo on the estate at `file`, and write its proofs to `out`.

    Raises Failure where a step does not show what it says.
    """
    begun, since = time.monotonic(), time.time()
    site = open_site(file, "local")
    stacks = tuple(item.stack for item in select(site.estate, ()))
    _say(1, "the local cloud: real AWS host names on this machine, real credentials, enforced permissions")
    running = site.cloud.up(site.environment.account, site.environment.region)
    click.echo(f"up, account {running.account}")
    _say(2, "bootstrap: state bucket, a key and a boundary for each stack; identity makes the rest")
    items = bootstrap(site, lambda _text: None)
    click.echo(f"{len(items)} things ready, {sum(item.made for item in items)} of them made now")
    engine_of(site, quiet=False)
    identity = tuple(stack for stack in stacks if stack.layer is Layer.IDENTITY)
    granted = make_plan(site, identity, destroy=False, quiet=False)
    if (code := carry_out(site, granted, as_json=False)) is not ExitCode.CLEAN:
        return code
    _say(3, "plan: the real engine, each stack under its own plan identity")
    made = make_plan(site, stacks, destroy=False, quiet=False)
    answer_in(False).plan(made)
    _say(4, "apply: exactly that plan, each stack under its own apply identity")
    if (code := carry_out(site, made, as_json=False)) is not ExitCode.CLEAN:
        return code
    _say(5, "a change in one stack travels downstream in the same plan")
    show_cascade(site)
    _say(6, "a field that another stack reads cannot be taken away")
    show_contract_law(site)
    _say(7, "somebody switches the versioning of a bucket off, past every plan")
    bucket = f"{site.prefix(site.estate.stacks[StackName('storage')])}-documents"
    _versioning(site, bucket, "Suspended")
    found = _drift(site)
    answer_in(False).drift(found)
    if not any(item.steps for item in found):
        raise Failure(Problem("drift found nothing", why="the out-of-band change should be there"))
    _say(8, "and back: what was recorded is true again")
    _versioning(site, bucket, "Enabled")
    if any(item.steps for item in _drift(site)):
        raise Failure(Problem("drift is still there", why="the bucket is as it was recorded"))
    click.echo("no drift")
    _say(9, "who deployed what: each stack its own apply identity, by the audit of every call")
    by = show_deployers(site)
    _say(10, "who may do what, by real calls: the owner's succeeds, the other's is denied")
    show_proofs(site, file, by, out)
    _end(site, file.parent, since, time.monotonic() - begun)
    return ExitCode.CLEAN


def _drift(site: Site) -> tuple[DeploymentDrift, ...]:
    """Of the one stack: of all it takes a run each, and `prodfirst drift` is among what to try next."""
    stacks = (site.estate.stacks[StackName("storage")],)
    with progress(quiet=True) as listen:
        return drift(site, stacks, engine_of(site, quiet=True), listen)


def _versioning(site: Site, bucket: str, status: str) -> None:
    click.echo(
        f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status={status}"
    )
    site.operator.client("s3").put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": status}
    )


def _end(site: Site, folder: Path, since: float, seconds: float) -> None:
    refused = site.cloud.refused(since)
    hosts = ", ".join(refused) if refused else "none was asked for"
    click.echo(f"\nhosts outside the local cloud: {hosts}")
    click.echo(f"done in {seconds:.0f} s; the local cloud stays up. What to try next:")
    own = Path(".venv", "bin")
    for line in (
        *([f'export PATH="$PWD/{own}:$PATH"'] if own.is_dir() else []),
        f"cd {folder}",
        "prodfirst status",
        "prodfirst outputs network",
        "prodfirst drift",
        "prodfirst local exec -- aws s3 ls",
        "prodfirst local logs --denied",
        "prodfirst isolation",
        "prodfirst destroy",
        "prodfirst local down",
    ):
        click.echo(f"  {line}")


def _say(number: int, text: str) -> None:
    click.secho(f"\n{number}. {text}", bold=True)
