"""The guard of identity: nobody loses the identities that are still needed to remove what they made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from prodfirst.estate.definition import StackName
from prodfirst.kernel.errors import Failure
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.kernel.group_names import stack_of
from prodfirst.permissions.keeping_aws import ACTS_FOR, PROJECT, PlacedRole
from prodfirst.permissions.keeping_kubernetes import is_of_stacks
from prodfirst.planning.steps import Operation, Step
from prodfirst.usecases.recorded import recorded_resources
from prodfirst.usecases.site import Site

RULE = "identity-still-needed"


def left_behind(
    site: Site, held: Iterable[PlacedRole], steps: Iterable[Step], leaving: Collection[str] = ()
) -> Iterator[Finding]:
    """A finding for each stack whose roles `steps` delete, and whose resources are still there.

    `held` are the roles as recorded; `leaving` are stacks that the same plan removes before.
    """
    gone = {
        step.inputs.get("name")
        for step in steps
        if step.type == "aws:iam/role:Role" and step.operation is Operation.DELETE
    }
    stacks = {
        role.tags[ACTS_FOR]: role.tags[PROJECT]
        for role in held
        if role.name in gone and PROJECT in role.tags and role.tags[ACTS_FOR] not in leaving
    }
    for name, project in sorted(stacks.items()):
        yield from _finding(site, name, project)


def losing(site: Site, closing: Iterable[Step], planned: Collection[str]) -> Iterator[Finding]:
    """A word on each stack that loses permissions and is not among those `planned`: nobody waits for it."""
    names = set(filter(None, map(_loser, closing)))
    for name, stack in site.estate.stacks.items():
        if name in names - {*planned}:
            yield Finding(
                "permission-lost",
                Severity.ADVISORY,
                f"stack `{name}` loses permissions, and is not in this plan",
                stack.position,
                "what its program does not declare any more is deleted with these",
                f"plan `{name}` together with this one, unless it was applied already",
            )


def _loser(step: Step) -> str:
    """The stack whose identity a step takes something from; empty where it is none's."""
    tags = step.inputs.get("tags")
    if isinstance(tags, Mapping) and ACTS_FOR in tags:
        return str(tags[ACTS_FOR])
    return stack_of(step.name) if is_of_stacks(step.urn) else ""


def _finding(site: Site, name: str, project: str) -> Iterator[Finding]:
    entry = site.estate.stacks.get(StackName(name))
    where = entry.position if entry else None
    again = "" if entry else f"put `{name}` back into `prodfirst.yaml`, "
    fix = f"{again}run `prodfirst destroy {name}`, then plan this again"
    why = "its identities go with this plan, and nobody else may remove what it made"
    try:
        left = _resources(site, name, project)
    except Failure as error:
        unseen = f"whether stack `{name}` still has resources could not be seen"
        yield Finding(RULE, Severity.ADVISORY, unseen, where, f"{why}; {error.problems[0].what}", fix)
        return
    if left:
        what = f"stack `{name}` still has {left} resource{'s' if left > 1 else ''}"
        yield Finding(RULE, Severity.MANDATORY, what, where, why, fix)


def _resources(site: Site, name: str, project: str) -> int:
    _, access = site.identity_of(name, "plan")
    listed = recorded_resources(site, project, access)
    return sum(not item["type"].startswith("pulumi:") for item in listed)
