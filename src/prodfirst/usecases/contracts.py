"""What a deployment is given of other stacks' contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.contracts import published
from prodfirst.contracts.publication import decode, parameter_name
from prodfirst.estate.definition import Stack, StackName
from prodfirst.kernel.errors import Failure, Position, Problem, Refused
from prodfirst.planning.contracts import Contract, Field, ReadField, read_fields
from prodfirst.planning.plan import DeploymentPlan
from prodfirst.resources.values import freeze
from prodfirst.usecases.site import Site


def reads_of(
    site: Site, stack: Stack, access: AwsAccess, planned: Mapping[StackName, DeploymentPlan]
) -> tuple[ReadField, ...]:
    """The fields that `stack` reads: from the publishers planned with it, else as they are published.

    The published ones are read with `access`, the reader's own; a field never published is unknown.
    """
    names = {
        (read.stack, field): _name(site, read.stack, field) for read in stack.reads for field in read.fields
    }
    texts = published(access, names.values())
    reads: list[ReadField] = []
    for read in stack.reads:
        recorded: Contract = {
            field: _field(names[read.stack, field], texts[names[read.stack, field]])
            for field in read.fields
            if names[read.stack, field] in texts
        }
        upstream = planned.get(read.stack)
        reads += read_fields(
            read.stack, read.fields, planned=upstream.publishes if upstream else None, recorded=recorded
        )
    return tuple(reads)


def check_published(site: Site, stack: Stack, reads: tuple[ReadField, ...]) -> None:
    """Before an apply every field must be there. Raises Refused with all that are not."""
    problems = tuple(_unpublished(stack, reads))
    if problems:
        raise Refused(*problems)


def _unpublished(stack: Stack, reads: tuple[ReadField, ...]) -> Iterator[Problem]:
    for read in reads:
        if read.shape is None:
            yield Problem(
                f"`{read.stack}` has not published `{read.field}` yet",
                _position(stack, read),
                f"`{stack.name}` reads it",
                f"apply `{read.stack}` first",
            )


def _position(stack: Stack, read: ReadField) -> Position:
    return next(
        position
        for entry in stack.reads
        if entry.stack == read.stack
        for field, position in zip(entry.fields, entry.field_positions, strict=True)
        if field == read.field
    )


def _name(site: Site, stack: str, field: str) -> str:
    return parameter_name(site.estate.name, site.environment.name, stack, field)


def _field(name: str, text: str) -> Field:
    try:
        publication = decode(text)
    except ValueError as error:
        raise Failure(
            Problem(
                f"the contract field `{name}` cannot be used",
                why=f"it was not written by a contract: {error}",
                fix="apply the stack that publishes it again",
            )
        ) from error
    return Field(publication.shape, freeze(publication.value))
