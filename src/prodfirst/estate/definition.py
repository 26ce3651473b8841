"""The estate: everything that one `prodfirst.yaml` describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NewType

from prodfirst.kernel.errors import Position

StackName = NewType("StackName", str)
EnvironmentName = NewType("EnvironmentName", str)
TeamName = NewType("TeamName", str)


class Layer(StrEnum):
    """The layers, lowest first; the order is law."""

    IDENTITY = "identity"
    INFRASTRUCTURE = "infrastructure"
    APPLICATIONS = "applications"

    @property
    def height(self) -> int:
        """0 for the lowest layer."""
        return list(Layer).index(self)

    def may_read(self, other: Layer) -> bool:
        """Whether a stack of this layer may read a contract of `other`.

        Identity reads nothing above it, infrastructure reads identity and infrastructure, applications
        read downwards only.
        """
        if self is Layer.APPLICATIONS:
            return other.height < self.height
        return other.height <= self.height


@dataclass(frozen=True, slots=True)
class Team:
    """People, through a group of the identity provider."""

    name: TeamName
    group: str
    position: Position


@dataclass(frozen=True, slots=True)
class Environment:
    """A copy of the estate with an account of its own."""

    name: EnvironmentName
    cloud: str
    account: str
    region: str
    zones: tuple[str, ...]
    backend: str
    """`s3://BUCKET[/PREFIX]`; its region is the environment's."""
    local: bool
    """Rehearsed on this machine by the local cloud."""
    position: Position
    operator: str | None = None
    """ARN of who may take on stack identities from a laptop; None leaves that to CI alone."""


@dataclass(frozen=True, slots=True)
class Read:
    """The fields that a stack reads from the contract of another."""

    stack: StackName
    fields: tuple[str, ...]
    position: Position
    field_positions: tuple[Position, ...] = ()
    """Of the fields, in their order."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One field that one stack reads, seen from the stack that publishes it."""

    stack: StackName
    field: str
    position: Position
    """Of the field's name in `prodfirst.yaml`."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One independently managed set of resources."""

    name: StackName
    layer: Layer
    owner: TeamName
    program: Path
    """The folder with `Pulumi.yaml`, absolute."""
    project: str
    """The name in `Pulumi.yaml`."""
    stateful: bool
    """Whether it holds data that a replacement would lose."""
    reads: tuple[Read, ...]
    position: Position


@dataclass(frozen=True)
class Estate:
    """The whole file."""

    name: str
    repository: str
    root: Path
    """The folder of `prodfirst.yaml`, absolute."""
    environments: Mapping[EnvironmentName, Environment] = field(default_factory=lambda: MappingProxyType({}))
    teams: Mapping[TeamName, Team] = field(default_factory=lambda: MappingProxyType({}))
    stacks: Mapping[StackName, Stack] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def identity(self) -> Stack | None:
        """The stack that makes the identities of the others; None where bootstrap makes them."""
        return next((stack for stack in self.stacks.values() if stack.layer is Layer.IDENTITY), None)

    def reads_of(self, name: str) -> frozenset[StackName]:
        """The stacks whose contracts `name` reads itself."""
        return frozenset(read.stack for read in self.stacks[StackName(name)].reads)

    def before(self, name: str) -> frozenset[StackName]:
        """What is applied before `name`: what it reads, and identity, which grants what it may do."""
        if self.stacks[StackName(name)].layer is Layer.IDENTITY:
            return self.reads_of(name)
        granting = (stack.name for stack in self.stacks.values() if stack.layer is Layer.IDENTITY)
        return self.reads_of(name) | frozenset(granting)

    def after(self, name: str) -> frozenset[StackName]:
        """The stacks that are applied after `name`, and removed before it."""
        return frozenset(stack for stack in self.stacks if name in self.before(stack))

    def readers_of(self, name: str) -> tuple[Reader, ...]:
        """Who reads which field of the contract of `name`."""
        return tuple(
            Reader(stack.name, field, position)
            for stack in self.stacks.values()
            for read in stack.reads
            if read.stack == name
            for field, position in zip(read.fields, read.field_positions, strict=True)
        )

    def upstream(self, name: str) -> frozenset[StackName]:
        """Every stack that must be applied before `name`."""
        found: set[StackName] = set()
        waiting = list(self.reads_of(name))
        while waiting:
            item = waiting.pop()
            if item not in found:
                found.add(item)
                waiting.extend(self.reads_of(item))
        return frozenset(found)
