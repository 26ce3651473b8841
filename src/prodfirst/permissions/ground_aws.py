"""Where the identities of one environment are made on AWS: names, paths and places, as plain data.

It reaches the identity stack's program as configuration, so it has a JSON shape: `{"estate", "environment",
"account", "region", "repository", "bucket", "prefix", "operator", "stacks": {NAME: {"layer", "owner",
"project", "reads"}}, "teams": {NAME: GROUP}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from prodfirst.contracts.publication import parameter_name
from prodfirst.estate.ci import ISSUER_HOST, ci_environment
from prodfirst.kernel.role_names import RoleNames
from prodfirst.permissions.contracts_aws import ContractObjects
from prodfirst.permissions.placeholders import Facts
from prodfirst.permissions.state_aws import KeyScope, StateLocation

GROUP_TAG = "prodfirst:group"
"""Tag of a person's session that holds the group of the identity provider."""


@dataclass(frozen=True, slots=True)
class GroundStack:
    """What identities need to know of a stack."""

    name: str
    layer: str
    owner: str
    project: str
    reads: tuple[tuple[str, str], ...]
    """(stack, field) of each field that it reads."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One environment of one estate."""

    estate: str
    environment: str
    account: str
    region: str
    repository: str
    """`OWNER/NAME`."""
    bucket: str
    prefix: str
    """Of the keys in the state bucket: empty, or ending in `/`."""
    operator: str | None
    """ARN of who may take on stack identities from a laptop."""
    stacks: tuple[GroundStack, ...]
    teams: Mapping[str, str]
    """Team → group."""

    @property
    def path(self) -> str:
        """Of roles and policies, such as `/prodfirst/acme/local/`."""
        return self.names.path

    @property
    def names(self) -> RoleNames:
        """What its roles are called."""
        return RoleNames(self.estate, self.environment, self.account)

    @property
    def facts(self) -> Facts:
        """What placeholders in lock files stand for here."""
        return Facts(self.environment, self.account, self.region)

    @property
    def provider(self) -> str:
        """ARN of the CI system's identity provider."""
        return f"arn:aws:iam::{self.account}:oidc-provider/{ISSUER_HOST}"

    def name(self, stack: str) -> str:
        """What the names of a stack's things begin with."""
        return self.names.prefix(stack)

    def role_name(self, stack: str, phase: str) -> str:
        """Unique in the account, as IAM demands whatever the path."""
        return self.names.stack(stack, phase)

    def people_name(self, of: str) -> str:
        """Of a role of people; the dot is in no stack's name, so it is never one of a stack."""
        return self.names.people(of)

    def boundary_name(self, of: str, *, people: bool = False) -> str:
        """Of the boundary of a stack's identities or, with `people`, of a role of people."""
        return f"{self.estate}-{self.environment}-boundary{'.' if people else '-'}{of}"

    def boundary_arn(self, name: str) -> str:
        """Boundaries have a path of their own, out of reach of what they limit."""
        return f"arn:aws:iam::{self.account}:policy{self.path}boundary/{name}"

    def key_alias(self, stack: str) -> str:
        """Alias of the key under a stack's state."""
        return f"alias/prodfirst/{self.estate}/{self.environment}/{stack}"

    def key_alias_arn(self, stack: str) -> str:
        """The ARN of the alias itself."""
        return f"arn:aws:kms:{self.region}:{self.account}:{self.key_alias(stack)}"

    def subject(self, stack: str, phase: str) -> str:
        """The `sub` of a token of a job in the CI environment of a deployment and phase; no ref in it."""
        return f"repo:{self.repository}:environment:{ci_environment(self.environment, stack, phase)}"

    def tags(self, layer: str, stack: str) -> dict[str, str]:
        """What every resource of a stack carries (DESIGN.md section 5)."""
        return {
            "prodfirst:estate": self.estate,
            "prodfirst:environment": self.environment,
            "prodfirst:layer": layer,
            "prodfirst:stack": stack,
        }

    def state(self, stack: GroundStack) -> StateLocation:
        """Where a stack's state lies."""
        pattern = f"arn:aws:kms:{self.region}:{self.account}:key/*"
        tags = {**self.tags(stack.layer, stack.name), "prodfirst:purpose": "state"}
        return StateLocation(
            self.bucket, self.prefix, stack.project, self.environment, KeyScope(pattern, tags)
        )

    def contracts(self, stack: GroundStack) -> ContractObjects:
        """The fields that a stack publishes and reads."""
        read = tuple(sorted(self._field(other, field) for other, field in stack.reads))
        return ContractObjects(self._field(stack.name, "*"), read)

    def _field(self, stack: str, field: str) -> str:
        name = parameter_name(self.estate, self.environment, stack, field)
        return f"arn:aws:ssm:{self.region}:{self.account}:parameter{name}"

    def to_json(self) -> dict[str, Any]:
        """As configuration."""
        data = asdict(self)
        stacks = {
            item.pop("name"): {**item, "reads": list(map(list, item["reads"]))} for item in data["stacks"]
        }
        return {**data, "stacks": stacks, "teams": dict(self.teams)}


def ground_from_json(data: Mapping[str, Any]) -> Ground:
    """The inverse of `Ground.to_json`."""
    stacks = tuple(
        GroundStack(
            name, item["layer"], item["owner"], item["project"], tuple((s, f) for s, f in item["reads"])
        )
        for name, item in sorted(data["stacks"].items())
    )
    return Ground(**{**data, "stacks": stacks, "teams": dict(sorted(data["teams"].items()))})
