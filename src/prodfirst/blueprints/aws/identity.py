"""The identity stack: a plan and an apply identity for every other stack, and a role for every team.

What each holds follows from the committed lock files; where it may go at most, from boundaries that
bootstrap made and that this stack cannot edit. It works under plain `pulumi` too: the estate's facts are
configuration (`prodfirst:identities`), the permissions are files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pulumi
import pulumi_aws as aws

from prodfirst.permissions.ground_aws import Ground, ground_from_json
from prodfirst.permissions.lock import Lock, read
from prodfirst.permissions.policies import text
from prodfirst.permissions.roles_aws import (
    IDENTITY_LAYER,
    RoleData,
    roles_for_services,
    stack_roles,
    team_roles,
)

SESSION_SECONDS = 3600


class Identity(pulumi.ComponentResource):
    """All roles of one environment, but the identity stack's own."""

    def __init__(self, name: str, *, locks: Path, opts: pulumi.ResourceOptions | None = None) -> None:
        """`locks`: the folder with the estate's lock files. A stack without one gets no identity yet."""
        self.ground = ground_from_json(pulumi.Config("prodfirst").require_object("identities"))
        wanted = tuple(wanted_roles(self.ground, _read(self.ground, locks)))  # before anything is registered
        super().__init__("prodfirst:aws:Identity", name, {}, opts)
        self.roles = {data.name: self._role(data) for data in wanted}
        self.register_outputs({})

    def _role(self, data: RoleData) -> aws.iam.Role:
        path, own = self.ground.path, pulumi.ResourceOptions(parent=self)
        tags = {"prodfirst:acts-for": data.acts_for}
        role = aws.iam.Role(
            data.name,
            name=data.name,
            path=f"{path}{data.folder}",
            description=data.description,
            assume_role_policy=text(data.trust),
            permissions_boundary=self.ground.boundary_arn(data.boundary),
            max_session_duration=SESSION_SECONDS,
            tags=tags,
            opts=own,
        )
        for number, document in enumerate(data.policies, 1):
            name = f"{data.name}-{number}"
            policy = aws.iam.Policy(
                name,
                name=name,
                path=path,
                policy=text(document),
                tags={"prodfirst:acts-for": data.acts_for},
                opts=own,
            )
            aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=policy.arn, opts=own)
        for arn in data.managed:
            name = f"{data.name}-{arn.rpartition('/')[2]}"
            aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=arn, opts=own)
        return role


def wanted_roles(ground: Ground, locks: Mapping[str, Lock]) -> Iterator[RoleData]:
    """Every role that the identity stack makes."""
    for stack in ground.stacks:
        if stack.layer != IDENTITY_LAYER and stack.name in locks:
            yield from stack_roles(ground, stack, locks[stack.name])
            yield from roles_for_services(ground, stack, locks[stack.name])
    yield from team_roles(ground, locks)


def _read(ground: Ground, folder: Path) -> Mapping[str, Lock]:
    """The lock files that are there; a stack without one has no identity to be planned with."""
    found: dict[str, Lock] = {}
    for stack in ground.stacks:
        lock = read(folder / f"{stack.name}.lock.json")
        if lock is not None:
            found[stack.name] = lock
        elif stack.layer != IDENTITY_LAYER:
            pulumi.log.warn(
                f"stack `{stack.name}` gets no identity: it has no lock file; "
                f"run `prodfirst permissions sync {stack.name}`"
            )
    return found
