"""What `plan`, `apply` and `destroy` share: make a plan, show it, apply it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import click

from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.cli.options import reporter
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import ExitCode
from prodfirst.kernel.findings import Severity
from prodfirst.planning.checks import Verdict
from prodfirst.planning.file import dump
from prodfirst.planning.plan import EstatePlan
from prodfirst.planning.results import EstateResult
from prodfirst.rendering.console import console
from prodfirst.rendering.interface import Format
from prodfirst.rendering.json import Json
from prodfirst.rendering.progress import progress
from prodfirst.rendering.text import Text
from prodfirst.usecases.engine import open_engine
from prodfirst.usecases.plan import Incomplete, plan
from prodfirst.usecases.site import Site


def engine_of(site: Site, *, quiet: bool) -> Engine:
    """The engine for a site; the build, where one is needed, is told."""
    return open_engine(site, reporter(quiet=quiet))


def answer_in(as_json: bool, *, verbose: bool = False) -> Format:
    """The format of a command's answer on standard output."""
    return Json(sys.stdout) if as_json else Text(console(), verbose)


def make_plan(site: Site, stacks: tuple[Stack, ...], *, destroy: bool, quiet: bool) -> EstatePlan:
    """Plan with progress on standard error."""
    since = time.time()
    engine = engine_of(site, quiet=quiet)
    try:
        with progress(quiet=quiet) as listen:
            return plan(site, stacks, engine, listen, destroy=destroy)
    except Incomplete as error:
        if error.plan.deployments and not quiet:
            answer_in(False).plan(error.plan)
        raise
    finally:
        tell_refused(site, since)


def tell_refused(site: Site, since: float) -> None:
    """Which hosts outside the local cloud a run asked for; they were refused."""
    if site.environment.local and (hosts := site.cloud.refused(since)):
        click.echo(f"refused by the local cloud, which reaches no other host: {', '.join(hosts)}", err=True)


def show_plan(made: EstatePlan, *, as_json: bool, verbose: bool, out: Path | None) -> None:
    """Save the plan where asked, and print it."""
    data = dump(made)
    if out is not None:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(data, stream, indent=1)
    answer_in(as_json, verbose=verbose).plan(made)


def findings_exit(made: EstatePlan) -> ExitCode:
    """1 where a guard forbids the plan."""
    forbidden = any(finding.severity is Severity.MANDATORY for finding in made.findings)
    return ExitCode.FINDINGS if forbidden else ExitCode.CLEAN


def plan_exit(made: EstatePlan) -> ExitCode:
    """1 also where a cluster refuses an object now. Apply asks again: what it then takes is applied."""
    checks = (check for item in made.deployments for check in item.objects)
    refused = any(check.verdict is Verdict.REFUSED for check in checks)
    return ExitCode.FINDINGS if refused else findings_exit(made)


def carry_out(site: Site, approved: EstatePlan, *, as_json: bool) -> ExitCode:
    """Apply a plan, print how it ended, and say which exit code that is."""
    from prodfirst.usecases.apply import Apply

    since = time.time()
    engine = engine_of(site, quiet=as_json)
    with progress(quiet=as_json) as listen:
        result = Apply.of(site, approved, engine, listen).run()
    answer_in(as_json).result(result)
    tell_refused(site, since)
    return ExitCode.FAILURE if engine.stop.requests else _exit(result)


def _exit(result: EstateResult) -> ExitCode:
    if result.failed:
        return ExitCode.FAILURE
    return ExitCode.FINDINGS if result.refused else ExitCode.CLEAN
