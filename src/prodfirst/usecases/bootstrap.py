"""`prodfirst bootstrap ENV`: what the first engine run needs. Repeatable; run by an administrator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prodfirst.adapters.pulumi import stack_file
from prodfirst.adapters.pulumi.stack_file import StackFile
from prodfirst.estate import ci
from prodfirst.estate.definition import Stack
from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.permissions.boundary_aws import apply_policy, boundary, plan_policy
from prodfirst.permissions.contracts_aws import contract_objects
from prodfirst.permissions.policies import Policy
from prodfirst.permissions.trust_aws import ci_trust
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


def bootstrap(site: Site, report: Callable[[str], None]) -> tuple[Item, ...]:
    """Make or bring up to date the state bucket, keys, boundary and identities of `site`."""
    stacks = tuple(site.estate.stacks.values())
    _check_names(site, stacks)
    _check_account(site)
    report(f"state bucket `{site.environment.backend}`")
    bucket = site.bucket(site.operator)
    items = [Item("state bucket", bucket.bucket, bucket.ensure())]
    keys: dict[str, str] = {}
    for stack in stacks:
        report(f"state key of `{stack.name}`")
        made, keys[stack.name] = _key(site, stack)
        items.append(Item("state key", site.key(stack).alias, made))
    limit = site.roles.ensure_boundary(f"{site.estate.name}-{site.environment.name}-boundary", boundary())
    report("identity provider of the CI system")
    items.append(
        Item("identity provider", ci.ISSUER_HOST, site.roles.ensure_provider(ci.ISSUER_HOST, ci.AUDIENCE))
    )
    for stack in stacks:
        report(f"identities of `{stack.name}`")
        items.extend(_identities(site, stack, keys, limit))
    return tuple(items)


def _key(site: Site, stack: Stack) -> tuple[bool, str]:
    """The key, and the stack file that names it."""
    key = site.key(stack)
    made = key.arn() is None
    arn = key.ensure({**site.tags(stack), "prodfirst:purpose": "state"})
    path = site.stack_file_path(stack)
    file = stack_file.read(path) or StackFile()
    if made or not file.encrypted_key:
        provider = f"awskms://{key.alias}?region={site.environment.region}"
        config = file.config if site.environment.local else {**file.config, **site.managed_config(stack)}
        StackFile(provider, key.wrapped_data_key(), config).write(path)
    return made, arn


def _identities(site: Site, stack: Stack, keys: dict[str, str], limit: str) -> list[Item]:
    location = site.location(stack, keys[stack.name])
    others = [other for other in site.estate.stacks.values() if other.name != stack.name]
    # the aliases too: who may point an alias elsewhere decides which key is used
    foreign = [
        arn
        for other in others
        for arn in (keys[other.name], site.key(other).alias_arn(site.environment.account))
    ]
    buckets = f"{site.prefix(stack)}-"
    contracts = contract_objects(site.estate.name, site.environment, stack)
    policies = {
        "plan": plan_policy(location, buckets, contracts),
        "apply": apply_policy(location, buckets, foreign, contracts),
    }
    return [
        Item(
            f"{phase} identity",
            site.role_name(stack, phase),
            site.roles.ensure(
                site.role_name(stack, phase),
                trusted=_trust(site, stack, phase),
                boundary=limit,
                document=document,
                tags=site.tags(stack),
            ),
        )
        for phase, document in policies.items()
    ]


def _trust(site: Site, stack: Stack, phase: str) -> Policy:
    return ci_trust(
        site.roles.provider_arn(ci.ISSUER_HOST),
        ci.AUDIENCE,
        ci.subject(site.estate, site.environment.name, stack.name, phase),
        site.environment.operator,
    )


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
