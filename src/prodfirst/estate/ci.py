"""What the CI system calls things: a CI environment per deployment and phase, so a job has one identity."""

from __future__ import annotations

from collections.abc import Iterator

from prodfirst.estate.definition import Estate
from prodfirst.kernel.errors import Problem

ISSUER_HOST = "token.actions.githubusercontent.com"
"""GitHub's issuer; condition keys of trust policies begin with it."""
AUDIENCE = "sts.amazonaws.com"
"""What a token for AWS is made out to (GitHub, "configuring OpenID Connect in AWS")."""


def repository(estate: Estate) -> str:
    """`OWNER/NAME`, as the token's subject has it."""
    return estate.repository.partition("/")[2]


def ci_environment(environment: str, stack: str, phase: str) -> str:
    """Name of the CI environment of one deployment and phase, such as `production-shop-apply`."""
    return f"{environment}-{stack}-{phase}"


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
