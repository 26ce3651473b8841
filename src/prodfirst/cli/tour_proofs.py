"""The demo's steps about identities: who deployed what, and proofs in pairs that anyone can repeat."""

from __future__ import annotations

import json
from pathlib import Path

import click

from prodfirst.access.proofs import Deployer, Proof
from prodfirst.adapters.aws.calling import ServiceCall
from prodfirst.contracts.publication import parameter_name
from prodfirst.estate.definition import StackName
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.paths import write_private
from prodfirst.localcloud.aws.audit import from_the_start
from prodfirst.rendering.console import console
from prodfirst.rendering.demo_json import demo_json, repeated
from prodfirst.rendering.proofs_text import deployers_text, proofs_text
from prodfirst.usecases.deployers import deployers
from prodfirst.usecases.proofs import Claim, prove
from prodfirst.usecases.site import Site

_NO_TAG = ["prodfirst-proof"]
"""Key of a tag that nothing carries: to remove it is a change, and changes nothing."""


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


def claims(site: Site) -> tuple[Claim, ...]:
    """What the example shows. Each call is harmless, whoever makes it."""
    cluster = f"{site.prefix(site.estate.stacks[StackName('database')])}-main"
    place = f"{site.environment.region}:{site.environment.account}"
    arn = f"arn:aws:rds:{place}:cluster:{cluster}"
    read = ServiceCall("rds", "DescribeDBClusters", {"DBClusterIdentifier": cluster})
    change = ServiceCall("rds", "RemoveTagsFromResource", {"ResourceName": arn, "TagKeys": _NO_TAG})
    return (
        Claim("the team that owns the database sees it; another does not", read, "team:data", "team:shop"),
        Claim("the team that owns the database changes it", change, "team:data", "team:shop"),
        Claim(
            "a stack's apply identity changes what the stack holds; another stack's does not",
            change,
            "database/apply",
            "shop/apply",
        ),
        Claim("a plan identity changes nothing, its own stack's neither", change, "database/apply",
              "database/plan"),
        Claim("so it is with a bucket", _versioning(site), "storage/apply", "storage/plan"),
        Claim("the team that owns the bucket changes it", _versioning(site), "team:platform", "team:data"),
        Claim("a field is read by who declares it in prodfirst.yaml", _field(site), "shop/plan",
              "storage/plan"),
    )  # fmt: skip


def _versioning(site: Site) -> ServiceCall:
    """It is on already."""
    bucket = f"{site.prefix(site.estate.stacks[StackName('storage')])}-documents"
    given = {"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}}
    return ServiceCall("s3", "PutBucketVersioning", given)


def _field(site: Site) -> ServiceCall:
    name = parameter_name(site.estate.name, site.environment.name, "database", "endpoint")
    return ServiceCall("ssm", "GetParameter", {"Name": name})


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
