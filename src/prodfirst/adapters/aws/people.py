"""A member of a team on the local cloud, which has no identity provider: a user with the group as a tag.

The user may ask for team roles and nothing else; what opens is decided by the trust of each role, as it is
for a session that an identity provider tags. Its key lives for one call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.taking_on import by_credentials

_POLICY = "take-on-team-roles"


@dataclass(frozen=True)
class Member:
    """Of one group, in one environment of a local cloud."""

    operator: AwsAccess
    reach: Mapping[str, str] = field(repr=False)
    """How a process reaches the cloud as nobody."""
    name: str
    """Of the user."""
    path: str
    """Of users; not that of the environment's roles."""
    tags: Mapping[str, str]
    roles: str
    """ARN pattern of the roles that may be asked for."""

    def take_on(self, role: str, session: str, seconds: int) -> AwsAccess:
        """Access under a role. Raises Failure where its trust lets this member not in."""
        iam = self.operator.client("iam")
        self._ensure(iam)
        with self._key(iam) as access:
            return by_credentials(access, role, f"the user `{self.name}`", session, seconds)

    def _ensure(self, iam: Any) -> None:
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        try:
            iam.create_user(UserName=self.name, Path=self.path, Tags=tags)
        except iam.exceptions.EntityAlreadyExistsException:
            iam.tag_user(UserName=self.name, Tags=tags)
        asks = {"Sid": "Ask", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": self.roles}
        document = json.dumps({"Version": "2012-10-17", "Statement": [asks]})
        iam.put_user_policy(UserName=self.name, PolicyName=_POLICY, PolicyDocument=document)

    @contextmanager
    def _key(self, iam: Any) -> Iterator[AwsAccess]:
        made = iam.create_access_key(UserName=self.name)["AccessKey"]
        signed = {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
        try:
            yield AwsAccess(self.operator.region, MappingProxyType({**self.reach, **signed}))
        finally:
            iam.delete_access_key(UserName=self.name, AccessKeyId=made["AccessKeyId"])
