"""The demo's steps about identities: who deployed what, and proofs in pairs that anyone can repeat."""

from __future__ import annotations

import json
from pathlib import Path

import click

from prodfirst.access.proofs import Deployer, Proof
from prodfirst.cli.tour_claims import claims
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.paths import write_private
from prodfirst.localcloud.aws.audit import from_the_start
from prodfirst.rendering.console import console
from prodfirst.rendering.demo_json import demo_json, repeated
from prodfirst.rendering.proofs_text import deployers_text, proofs_text
from prodfirst.usecases.deployers import deployers
from prodfirst.usecases.proofs import prove
from prodfirst.usecases.site import Site


def show_deployers(site: Site) -> tuple[Deployer, ...]:
    """Print who deployed what; raises Failure where it was not the deployment's own apply identity."""
    found = deployers(site)
    deployers_text(found, console())
    deployed = {item.deployment for item in found}
    missing = [name for name in site.estate.stacks if f"{name}/{site.environment.name}" not in deployed]
    if strange := [item for item in found if not item.own]:
        why = "; ".join(
            f"the state of `{item.deployment}` was written by {item.principal}" for item in strange
        )
        raise Failure(Problem("somebody else than its own identity deployed a stack", why=why))
    for name in missing:
        if from_the_start(site.cloud.audit):
            raise Failure(Problem(f"the audit does not say who deployed `{name}`", str(site.cloud.audit)))
        click.echo(f"{name} was deployed before what is kept of the audit")
    return found


def show_proofs(site: Site, file: Path, found: tuple[Deployer, ...], out: Path) -> None:
    """Make the proofs, print them, write them to `out`; raises Failure where one does not hold."""
    proofs = prove(site, claims(site), lambda _text: None)
    proofs_text(proofs, console())
    facts = {
        "estate": site.estate.name,
        "environment": site.environment.name,
        "account": site.environment.account,
        "region": site.environment.region,
    }
    written = json.dumps(demo_json(facts, str(file), found, proofs), indent=2) + "\n"
    write_private(out, written.encode())
    _check(proofs)
    click.echo(f"{len(proofs)} proofs hold; {out} has a command for each call, such as")
    click.echo(f"  {repeated(proofs[0].calls[1], site.environment.name, str(file))}")


def _check(proofs: tuple[Proof, ...]) -> None:
    wrong = [call for proof in proofs for call in proof.calls if not call.right]
    if wrong:
        raise Failure(
            *(
                Problem(
                    f"`{call.who}` {'may' if call.allowed else 'may not'} make the call {call.action}",
                    call.resource,
                    f"{call.reason} {call.code}".rstrip(),
                    "see who changed its role with `prodfirst drift`",
                )
                for call in wrong
            )
        )
