"""What the CI system calls things: a CI environment per deployment and phase, so a job has one identity."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prodfirst.estate.definition import Estate
from prodfirst.kernel.errors import Problem

ISSUER_HOST = "token.actions.githubusercontent.com"
"""GitHub's issuer; condition keys of trust policies begin with it."""
AUDIENCE = "sts.amazonaws.com"
"""What a token for AWS is made out to (GitHub, "configuring OpenID Connect in AWS")."""


_HOST = "github.com"
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:_[A-Za-z0-9]+)?")
"""What GitHub lets an account be called; `prodfirst init` writes `_owner_`, which nobody can have."""
UNKNOWN_OWNER = "_owner_"


def repository(estate: Estate) -> str:
    """`OWNER/NAME`, as the token's subject has it."""
    return estate.repository.partition("/")[2]


def ci_environment(environment: str, stack: str, phase: str) -> str:
    """Name of the CI environment of one deployment and phase, such as `production-shop-apply`."""
    return f"{environment}-{stack}-{phase}"


def check_trust(estate: Estate) -> Iterator[Problem]:
    """Real roles trust a repository by its name at GitHub, where that of another host is a stranger's."""
    host, _, rest = estate.repository.partition("/")
    owner, _, name = rest.partition("/")
    if host == _HOST and _OWNER.fullmatch(owner) and name and "/" not in name:
        return
    for environment in estate.environments.values():
        if not environment.local:
            yield Problem(
                f"environment `{environment.name}` would trust jobs of `{estate.repository}`",
                environment.position,
                f"its roles trust tokens of GitHub alone, and there `{rest}` is nobody's, or a stranger's",
                f"write `repository: {_HOST}/OWNER/NAME`, as GitHub calls it",
            )


def check_names(estate: Estate) -> Iterator[Problem]:
    """Two deployments under one name would have one identity."""
    seen: dict[str, str] = {}
    for environment in estate.environments.values():
        for stack in estate.stacks.values():
            name = f"{environment.name}-{stack.name}"
            deployment = f"{stack.name}/{environment.name}"
            if name in seen:
                yield Problem(
                    f"`{deployment}` and `{seen[name]}` would both be `{name}` in CI and in the cloud",
                    stack.position,
                    "one name is one identity, so each could act as the other",
                    "rename the stack or the environment",
                )
            seen[name] = deployment
