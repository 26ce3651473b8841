"""Who plans a stack: its plan identity, or word of what has to come first."""

from __future__ import annotations

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.usecases.keeping import held_roles
from prodfirst.usecases.site import Site


def planner(site: Site, stack: Stack) -> tuple[str, AwsAccess]:
    """The ARN of a stack's plan identity, and access under it.

    Raises Failure; where the identity stack has not made it yet, one that says so.
    """
    try:
        return site.identity(stack, "plan")
    except Failure as error:
        maker = site.estate.identity
        if maker is None or maker is stack or _made(site, maker, stack):
            raise
        raise Failure(
            Problem(
                f"stack `{stack.name}` cannot be planned yet",
                stack.position,
                f"its identities are made by `{maker.name}`, which has not been applied since it was added",
                f"run `prodfirst apply --stack {maker.name}`, then plan again",
            )
        ) from error


def _made(site: Site, maker: Stack, stack: Stack) -> bool:
    _, access = site.identity(maker, "plan")
    return any(
        role.name == site.ground.role_name(stack.name, "plan") for role in held_roles(site, maker, access)
    )
