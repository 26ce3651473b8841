"""What an identity needs to reach the state of its own deployment, and of no other.

Source: ENGINE.md, backends: measured to suffice for preview (plan) and update (apply). Patterns end at a
separator, never in `ENVIRONMENT*`, which would cover another environment whose name begins alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prodfirst.permissions.policies import statement


@dataclass(frozen=True, slots=True)
class KeyScope:
    """A key by its tags: its id is generated, and a policy must not depend on state."""

    pattern: str
    """ARN pattern of the keys of one region and account."""
    tags: Mapping[str, str]

    @property
    def condition(self) -> dict[str, dict[str, str]]:
        """That it carries the tags."""
        return {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in self.tags.items()}}


@dataclass(frozen=True, slots=True)
class StateLocation:
    """Where the state of one deployment lies."""

    bucket: str
    prefix: str
    """Empty, or ending in `/`."""
    project: str
    environment: str
    key: KeyScope
    """The KMS key that wraps the deployment's secrets."""

    @property
    def own_objects(self) -> tuple[str, ...]:
        """Key patterns of this deployment's objects, in the layout of Pulumi's bucket backend."""
        name = f"{self.project}/{self.environment}"
        return tuple(
            f"{self.prefix}.pulumi/{pattern}"
            for pattern in (
                f"stacks/{name}.json*",
                f"stacks/{name}.pulumi-tags",
                f"history/{name}/*",
                f"backups/{name}/*",
                f"locks/organization/{name}/*",
            )
        )

    @property
    def listed_prefixes(self) -> tuple[str, ...]:
        """Values of `s3:prefix` with which the engine lists."""
        name = f"{self.project}/{self.environment}"
        folders = (f"locks/organization/{name}", f"history/{name}", f"backups/{name}")
        exact = [f"stacks/{name}.json", f"stacks/{name}.json.gz", *folders]
        return tuple(
            f"{self.prefix}.pulumi/{item}" for item in (*exact, *(f"{folder}/*" for folder in folders))
        )

    @property
    def meta(self) -> str:
        """The object that marks the bucket as a backend; without it the engine lists everything."""
        return f"{self.prefix}.pulumi/meta.yaml"


def state_statements(location: StateLocation, *, write: bool) -> list[dict[str, object]]:
    """The statements of a plan identity (`write=False`) or an apply identity."""
    bucket = f"arn:aws:s3:::{location.bucket}"
    own = [f"{bucket}/{pattern}" for pattern in location.own_objects]
    result = [
        statement("StateRead", ["s3:GetObject"], [f"{bucket}/{location.meta}", *own]),
        statement(
            "StateList",
            ["s3:ListBucket"],
            [bucket],
            condition={"StringLike": {"s3:prefix": sorted(location.listed_prefixes)}},
        ),
        statement("StateSecrets", ["kms:Decrypt"], [location.key.pattern], condition=location.key.condition),
    ]
    if write:
        result.append(statement("StateWrite", ["s3:PutObject", "s3:DeleteObject"], own))
    return result
