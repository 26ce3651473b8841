"""The demo's steps about contracts: one changed range travels downstream; a field that is read cannot go."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from prodfirst.adapters.pulumi import stack_file
from prodfirst.cli.options import open_site
from prodfirst.cli.plans import answer_in, make_plan
from prodfirst.estate.definition import Stack, StackName
from prodfirst.estate.selection import select
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.contracts import Knowledge
from prodfirst.planning.plan import EstatePlan
from prodfirst.usecases.site import Site

_PUBLISHER, _READER, _FIELD = StackName("network"), StackName("database"), "cidr"
_WIDER = "10.20.0.0/15"


def show_cascade(site: Site) -> None:
    """Plan, and do not apply, another address range of `network`, with one that reads it."""
    click.echo(f"pulumi config set cidr {_WIDER}   # in stack {_PUBLISHER}; planned only, and taken back")
    with _configured(site, site.estate.stacks[_PUBLISHER], "cidr", _WIDER):
        made = _plan(site, _PUBLISHER, _READER)
    answer_in(False).plan(made)
    reader = next(item for item in made.deployments if item.stack == _READER)
    planned = {read.field for read in reader.reads if read.knowledge is Knowledge.PLANNED}
    if planned != {_FIELD} or not reader.changes:
        raise Failure(Problem(f"`{_READER}` does not see the range that `{_PUBLISHER}` would have"))


def show_contract_law(site: Site) -> None:
    """Plan a `network` that publishes one field less, in a copy of the estate."""
    with _copied(site) as copy:
        program = copy.estate.stacks[_PUBLISHER].program / "__main__.py"
        line = f"    {_FIELD}=network.{_FIELD},\n"
        click.echo(f"the line `{line.strip()}` of stack {_PUBLISHER} goes, in a copy")
        program.write_text(program.read_text().replace(line, ""))
        made = _plan(copy, _PUBLISHER)
    found = [item for item in _forbidding(made) if item.rule == "contract-field-missing"]
    finding = next((item for item in found if _READER in item.why), None)
    if finding is None:
        raise Failure(Problem("the plan was not refused", why=f"`{_READER}` reads `{_FIELD}`"))
    click.echo(f"refused: {finding.where}: {finding.what}")
    click.echo(f"  why: {finding.why}\n  next: {finding.fix}")


def _plan(site: Site, *names: str) -> EstatePlan:
    stacks = tuple(item.stack for item in select(site.estate, names))
    return make_plan(site, stacks, destroy=False, quiet=False)


def _forbidding(made: EstatePlan) -> tuple[Finding, ...]:
    return tuple(item for item in made.findings if item.severity is Severity.MANDATORY)


@contextmanager
def _configured(site: Site, stack: Stack, key: str, value: str) -> Iterator[None]:
    """The setting in the installation's own stack file, and not in the checkout."""
    path = site.stack_file_path(stack)
    before = stack_file.read(path)
    if before is None:
        raise Failure(Problem(f"`{path}` is not there", fix="run `prodfirst bootstrap`"))
    before.with_config({f"{stack.project}:{key}": value}).write(path)
    try:
        yield
    finally:
        before.write(path)


@contextmanager
def _copied(site: Site) -> Iterator[Site]:
    """The same estate and environment from another folder."""
    with tempfile.TemporaryDirectory(prefix="prodfirst-demo-") as folder:
        copy = Path(folder) / site.estate.root.name
        shutil.copytree(site.estate.root, copy, ignore=shutil.ignore_patterns("__pycache__"))
        yield open_site(copy / "prodfirst.yaml", site.environment.name)
