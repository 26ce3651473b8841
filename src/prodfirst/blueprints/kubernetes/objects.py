"""What all objects of ours say of themselves."""

from __future__ import annotations

from typing import Any

import pulumi

TEAM_LABEL = "prodfirst.dev/team"
"""On namespaces: whose it is. Admission policies look for it."""


def metadata(name: str, namespace: str | None = None, **labels: str) -> dict[str, Any]:
    """A name that the program gives, and whose it is: label keys take no colon, as tags do."""
    settings = pulumi.Config("prodfirst")
    owner = {f"prodfirst.dev/{key}": settings.require(key) for key in ("estate", "environment", "stack")}
    return {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        "labels": {**owner, "app.kubernetes.io/managed-by": "prodfirst", **labels},
    }
