"""Groups of a Kubernetes cluster: an access entry puts a role into one, a role binding gives it its verbs.

A group is ours alone: what an access entry names decides who is in it, not the identity provider.
"""

from __future__ import annotations

RBAC = "rbac.authorization.k8s.io"
"""The API group of roles and bindings."""


def stack_group(stack: str, phase: str) -> str:
    """Of the identity of a stack in a phase (`plan`, `apply`)."""
    return f"prodfirst:{stack}:{phase}"


def stack_of(name: str) -> str:
    """The stack whose group it is, by the group's name or one that begins with it."""
    return name.split(":")[1]


def team_group(team: str) -> str:
    """Of the people of a team; a stack's group has a phase, so it is never one of these."""
    return f"prodfirst:team:{team}:people"
