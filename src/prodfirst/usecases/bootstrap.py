"""`prodfirst bootstrap ENV`: what the first engine run needs. Repeatable; run by an administrator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prodfirst.adapters.pulumi import stack_file
from prodfirst.adapters.pulumi.stack_file import StackFile
from prodfirst.estate import ci
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.usecases.identities import wanted
from prodfirst.usecases.site import Site

_ROLE_NAME_LIMIT = 64
"""Characters; AWS, IAM quotas."""


@dataclass(frozen=True)
class Item:
    """One thing that the environment needs."""

    kind: str
    name: str
    made: bool
    """False where it was there; it was brought up to date."""
    deleted: bool = False
    """It is not needed any more."""


def bootstrap(site: Site, tell: Callable[[Item], None]) -> tuple[Item, ...]:
    """Make or bring up to date the state bucket, keys, boundary and identities of `site`.

    `tell` is called with each as soon as it is there; all are returned.
    """
    _check_names(site, tuple(site.estate.stacks.values()))
    _check_account(site)
    items = []
    for item in _items(site):
        tell(item)
        items.append(item)
    return tuple(items)


def _items(site: Site) -> Iterator[Item]:
    bucket = site.bucket(site.operator)
    yield Item("state bucket", bucket.bucket, bucket.ensure())
    for stack in site.estate.stacks.values():
        yield Item("state key", site.key(stack).alias, _key(site, stack))
    made = site.roles.ensure_provider(ci.ISSUER_HOST, ci.AUDIENCE)
    yield Item("identity provider", ci.ISSUER_HOST, made)
    needed = wanted(site)
    limits = {name: site.boundaries.ensure_policy(name, text) for name, text in needed.boundaries.items()}
    for role in needed.roles:
        made = site.roles_in(role.folder).ensure(
            role.name,
            trusted=role.trust,
            boundary=limits[role.boundary],
            documents=role.policies,
            managed=role.managed,
            tags={**site.ground.tags("identity", "identity"), "prodfirst:acts-for": role.acts_for},
        )
        yield Item("identity", role.name, made)
    # of stacks that left the estate, once their roles are gone
    for name in site.boundaries.retire_policies(limits.keys(), site.ground.path):
        yield Item("boundary", name, made=False, deleted=True)


def _key(site: Site, stack: Stack) -> bool:
    """The key, and the stack file that names it. True if new."""
    key = site.key(stack)
    made = key.arn() is None
    key.ensure({**site.tags(stack), "prodfirst:purpose": "state"})
    path = site.stack_file_path(stack)
    file = stack_file.read(path) or StackFile()
    if made or not file.encrypted_key:
        provider = f"awskms://{key.alias}?region={site.environment.region}"
        config = file.config if site.environment.local else {**file.config, **site.managed_config(stack)}
        StackFile(provider, key.wrapped_data_key(), config).write(path)
    return made


def _check_names(site: Site, stacks: tuple[Stack, ...]) -> None:
    problems = [
        Problem(
            f"the role name `{name}` of stack `{stack.name}` has {len(name)} characters",
            stack.position,
            f"AWS allows {_ROLE_NAME_LIMIT}",
            "shorten the estate's, the environment's or the stack's name",
        )
        for stack in stacks
        if len(name := site.role_name(stack, "apply")) > _ROLE_NAME_LIMIT
    ]
    if problems:
        raise InvalidInput(*problems)


def _check_account(site: Site) -> None:
    account = site.operator.whoami().split(":")[4]
    if account != site.environment.account:
        raise InvalidInput(
            Problem(
                f"the credentials belong to account {account}, environment `{site.environment.name}` is in "
                f"{site.environment.account}",
                site.environment.position,
                fix="use an administrator's credentials of the right account, or correct `account`",
            )
        )
