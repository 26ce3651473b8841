"""The identity stack: a plan and an apply identity for every other stack, a role for every team, and one for
the worst of days, which raises an alarm.

What each holds follows from the committed lock files; where it may go at most, from boundaries that
bootstrap made and that this stack cannot edit. It works under plain `pulumi` too: the estate's facts are
configuration (`prodfirst:identities`), the permissions are files. A run of prodfirst that carries out other
stacks besides has two halves: grants first, revocations last (permissions/keeping_aws.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pulumi
import pulumi_aws as aws

from prodfirst.permissions.break_glass_aws import (
    ALARM,
    PURPOSE,
    STATE,
    alarm_key_policy,
    alarm_pattern,
    alarm_topic_policy,
)
from prodfirst.permissions.ground_aws import Ground, ground_from_json
from prodfirst.permissions.keeping_aws import (
    ACTS_FOR,
    KEEPING,
    PlacedRole,
    keeping_from_json,
    placed_role,
    with_kept,
)
from prodfirst.permissions.lock import Lock, path_in, read
from prodfirst.permissions.policies import Policy, text
from prodfirst.permissions.roles_aws import (
    BREAK_GLASS,
    IDENTITY_LAYER,
    RoleData,
    break_glass_roles,
    roles_for_services,
    stack_roles,
    team_roles,
)

SESSION_SECONDS = 3600


class Identity(pulumi.ComponentResource):
    """All roles of one environment, but the identity stack's own."""

    def __init__(self, name: str, *, locks: Path, opts: pulumi.ResourceOptions | None = None) -> None:
        """`locks`: the folder with the estate's lock files. A stack without one gets no identity yet."""
        settings = pulumi.Config("prodfirst")
        self.ground = ground_from_json(settings.require_object("identities"))
        kept = keeping_from_json(settings.get_object(KEEPING.partition(":")[2]) or {})
        wanted = wanted_roles(self.ground, _read(self.ground, locks))
        placed = (placed_role(self.ground, item) for item in wanted)
        roles = tuple(with_kept(placed, kept))  # before anything is registered
        super().__init__("prodfirst:aws:Identity", name, {}, opts)
        self.roles = {role.name: self._role(role) for role in roles}
        self.alarm = self._alarm()
        self.register_outputs({})

    def _role(self, data: PlacedRole) -> aws.iam.Role:
        own = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            data.name,
            name=data.name,
            path=data.path,
            description=data.description,
            assume_role_policy=text(data.trust),
            permissions_boundary=data.boundary,
            max_session_duration=SESSION_SECONDS,
            tags=data.tags,
            opts=own,
        )
        kept = [self._policy(role, data, name, document) for name, document in data.kept.items()]
        for name, document in data.policies.items():
            self._policy(role, data, name, document, after=kept)
        for arn in data.managed:
            name = f"{data.name}-{arn.rpartition('/')[2]}"
            aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=arn, opts=own)
        return role

    def _alarm(self) -> aws.sns.Topic:
        """Taking on the break-glass role, or trying to, publishes to this topic: subscribe who must know."""
        ground, own = self.ground, pulumi.ResourceOptions(parent=self)
        identity = next(stack.name for stack in ground.stacks if stack.layer == IDENTITY_LAYER)
        name = f"{ground.name(identity)}-{BREAK_GLASS}"
        arn = f"{ground.region}:{ground.account}"
        role = ground.names.arn(ground.people_name(BREAK_GLASS))
        key = aws.kms.Key(
            name,
            description=f"alarm of {ground.people_name(BREAK_GLASS)}",
            enable_key_rotation=True,
            deletion_window_in_days=7,
            policy=text(alarm_key_policy(ground.account)),
            tags={PURPOSE: ALARM},
            opts=own,
        )
        topic = aws.sns.Topic(name, name=name, kms_master_key_id=key.arn, opts=own)
        rule = aws.cloudwatch.EventRule(
            name,
            name=name,
            description=f"somebody takes on {ground.people_name(BREAK_GLASS)}",
            event_pattern=json.dumps(alarm_pattern(role), sort_keys=True),
            state=STATE,
            opts=own,
        )
        policy = text(alarm_topic_policy(f"arn:aws:sns:{arn}:{name}", f"arn:aws:events:{arn}:rule/{name}"))
        allowed = aws.sns.TopicPolicy(name, arn=topic.arn, policy=policy, opts=own)
        aws.cloudwatch.EventTarget(
            name,
            rule=rule.name,
            target_id="alarm",
            arn=topic.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )
        return topic

    def _policy(
        self,
        role: aws.iam.Role,
        data: PlacedRole,
        name: str,
        document: Policy,
        after: Sequence[pulumi.Resource] = (),
    ) -> pulumi.Resource:
        """Changed only when what it loses is kept elsewhere: a run that is killed here loses nothing."""
        policy = aws.iam.Policy(
            name,
            name=name,
            path=self.ground.path,
            policy=text(document),
            tags={ACTS_FOR: data.tags[ACTS_FOR]},
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
        own = pulumi.ResourceOptions(parent=self)
        attached: pulumi.Resource = aws.iam.RolePolicyAttachment(
            name, role=role.name, policy_arn=policy.arn, opts=own
        )
        return attached


def wanted_roles(ground: Ground, locks: Mapping[str, Lock]) -> Iterator[RoleData]:
    """Every role that the identity stack makes."""
    for stack in ground.stacks:
        if stack.layer != IDENTITY_LAYER and stack.name in locks:
            yield from stack_roles(ground, stack, locks[stack.name])
            yield from roles_for_services(ground, stack, locks[stack.name])
    yield from team_roles(ground, locks)
    yield from break_glass_roles(ground)


def _read(ground: Ground, folder: Path) -> Mapping[str, Lock]:
    """The lock files that are there; a stack without one has no identity to be planned with."""
    found: dict[str, Lock] = {}
    for stack in ground.stacks:
        lock = read(path_in(folder, stack.name))
        if lock is not None:
            found[stack.name] = lock
        elif stack.layer != IDENTITY_LAYER:
            pulumi.log.warn(
                f"stack `{stack.name}` gets no identity: it has no lock file; "
                f"run `prodfirst permissions sync {stack.name}`"
            )
    return found
