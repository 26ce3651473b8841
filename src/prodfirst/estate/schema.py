"""The shape of `prodfirst.yaml`, as people write it. Source of the JSON Schema for editors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from prodfirst.estate.definition import Layer

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$|^[a-z]$")]
"""Lower case, digits and dashes: it becomes part of names in every cloud."""
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EnvironmentEntry(_Part):
    """A copy of the estate with an account of its own."""

    cloud: Annotated[Literal["aws"], Field(description="the cloud; `aws` for now")]
    local: Annotated[bool, Field(description="rehearsed on this machine by the local cloud")] = False
    account: Annotated[
        str, StringConstraints(pattern=r"^[0-9]{12}$"), Field(description="12 digits, in quotes")
    ]
    region: Annotated[
        str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$"), Field(description="AWS region")
    ]
    zones: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+[a-z]$")]],
        Field(min_length=1, max_length=6, description="availability zones of the region"),
    ]
    backend: Annotated[
        str,
        StringConstraints(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_./-]+)?$"),
        Field(description="where state lies: `s3://BUCKET[/PREFIX]`"),
    ]
    operator: Annotated[
        str | None,
        StringConstraints(pattern=r"^arn:aws:iam::[0-9]{12}:(user|role)/[A-Za-z0-9+=,.@_/-]+$"),
        Field(description="ARN that may take on stack identities from a laptop; leave it out for CI alone"),
    ] = None


class TeamEntry(_Part):
    """People, through a group of the identity provider."""

    group: Annotated[
        str, StringConstraints(min_length=1, max_length=128), Field(description="the group's name")
    ]


class StackEntry(_Part):
    """One independently managed set of resources: a Pulumi project."""

    layer: Annotated[Layer, Field(strict=False, description="`identity`, `infrastructure` or `applications`")]
    owner: Annotated[str, Field(description="the team that owns it")]
    program: Annotated[
        str,
        StringConstraints(min_length=1, max_length=512),
        Field(description="its folder, with `Pulumi.yaml`"),
    ]
    reads: Annotated[
        dict[str, Annotated[list[FieldName], Field(min_length=1)]],
        Field(default_factory=dict, description="stack → the fields of its contract that this one reads"),
    ]
    stateful: Annotated[bool, Field(description="whether it holds data that a replacement would lose")] = (
        False
    )


class EstateFile(_Part):
    """Everything that one `prodfirst.yaml` describes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, title="prodfirst estate")

    version: Annotated[Literal[1], Field(description="the version of this file's shape")]
    name: Annotated[Name, Field(description="the estate's name: lower case letters, digits and dashes")]
    repository: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9.-]+(/[A-Za-z0-9._-]+){2,}$"),
        Field(description="source repository, such as `github.com/acme/estate`"),
    ]
    environments: Annotated[
        dict[Name, EnvironmentEntry], Field(min_length=1, description="copies of the estate")
    ]
    teams: Annotated[dict[Name, TeamEntry], Field(min_length=1, description="who owns stacks")]
    stacks: Annotated[dict[Name, StackEntry], Field(min_length=1, description="what is managed, in parts")]


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    schema = EstateFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
