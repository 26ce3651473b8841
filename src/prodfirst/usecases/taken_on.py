"""A stack's identity, taken on; or word of what has to come first, in a new environment."""

from __future__ import annotations

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.usecases.keeping import held_roles
from prodfirst.usecases.site import Phase, Site


def taken_on(site: Site, stack: Stack, phase: Phase) -> tuple[str, AwsAccess]:
    """The ARN of a stack's identity, and access under it.

    Raises Failure; where bootstrap or the identity stack has not made it yet, one that says so.
    """
    try:
        return site.identity(stack, phase)
    except Failure as error:
        if site.environment.local and site.cloud.status() is None:
            raise
        if not site.is_bootstrapped(stack):
            raise Failure(_not_bootstrapped(site, stack)) from error
        maker = site.estate.identity
        if maker is None or maker is stack or _made(site, maker, stack):
            raise
        raise Failure(
            Problem(
                f"stack `{stack.name}` has no identities yet",
                stack.position,
                f"`{maker.name}` makes them, and has not been applied since `{stack.name}` was added",
                f"run `prodfirst apply --stack {maker.name}`, then this again",
            )
        ) from error


def _not_bootstrapped(site: Site, stack: Stack) -> Problem:
    """Of the environment, where no stack is ready: then one problem stands for all of its stacks."""
    if any(site.is_bootstrapped(other) for other in site.estate.stacks.values()):
        return site.not_ready(f"environment `{site.environment.name}` has not got stack `{stack.name}` yet")
    return site.not_ready(f"environment `{site.environment.name}` is not bootstrapped")


def _made(site: Site, maker: Stack, stack: Stack) -> bool:
    _, access = site.identity(maker, "plan")
    return any(
        role.name == site.ground.role_name(stack.name, "plan") for role in held_roles(site, maker, access)
    )
