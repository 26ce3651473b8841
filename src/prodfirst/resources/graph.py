"""The resource graph: what a program declares, with inputs, dependencies and source positions.

Permissions, guards, access, blast radius and pictures are computed from it, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NewType

from prodfirst.kernel.errors import Position
from prodfirst.resources.values import Value

Urn = NewType("Urn", str)
"""`urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`, the engine's name of a resource."""


def urn_type(urn: Urn) -> str:
    """The resource's own type token, such as `aws:ec2/vpc:Vpc`."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def urn_name(urn: Urn) -> str:
    """The name that the program gave it."""
    return urn.split("::", 3)[3]


@dataclass(frozen=True, slots=True)
class Resource:
    """One registration of the program."""

    urn: Urn
    custom: bool
    """True where a provider manages it; False for a component."""
    inputs: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    parent: Urn | None = None
    provider: str = ""
    """`URN::ID` of the provider instance; empty for components."""
    dependencies: frozenset[Urn] = frozenset()
    property_dependencies: Mapping[str, frozenset[Urn]] = field(default_factory=lambda: MappingProxyType({}))
    protect: bool = False
    source: tuple[Position, ...] = ()
    """Where it was made, innermost first; the first one inside the team's own program is `team_position`."""
    in_apply: bool = False
    """Whether a callback of `apply` made it: a preview in which the value is unknown lacks it."""

    @property
    def type(self) -> str:
        return urn_type(self.urn)

    @property
    def name(self) -> str:
        return urn_name(self.urn)


@dataclass(frozen=True, slots=True)
class ResourceGraph:
    """All registrations of one run of one program, in the order of their URNs."""

    resources: tuple[Resource, ...]
    invokes: tuple[str, ...] = ()
    """Tokens of the functions that the program asked a provider, such as `aws:index/getRegion:getRegion`."""
    incomplete: tuple[str, ...] = ()
    """Why it may lack something (an invoke nobody could answer, a remote component); empty if whole."""
