"""Who may take on a role: trust policies."""

from __future__ import annotations

from typing import Any

from prodfirst.permissions.policies import Policy, policy


def ci_trust(provider: str, audience: str, subject: str, operator: str | None = None) -> Policy:
    """Jobs of one CI environment, by exact audience and subject.

    `provider` is the ARN of the identity provider. `operator` is the declared exception: an ARN that may
    take on the role from a laptop.
    """
    host = provider.partition(":oidc-provider/")[2]
    statements: list[dict[str, Any]] = [
        {
            "Sid": "Job",
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{host}:aud": audience, f"{host}:sub": subject}},
        }
    ]
    if operator is not None:
        statements.append(
            {"Sid": "Operator", "Effect": "Allow", "Principal": {"AWS": operator}, "Action": "sts:AssumeRole"}
        )
    return policy(*statements)
