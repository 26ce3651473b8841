"""A resource as the table's rules see it: its inputs, what they refer to, and who owns it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.resources.graph import Resource, ResourceGraph, Urn
from prodfirst.resources.values import Opaque, Value

NAMED_BY: Mapping[str, str] = {
    "aws:cloudwatch/eventRule:EventRule": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:eks/cluster:Cluster": "name",
    "aws:iam/policy:Policy": "name",
    "aws:iam/role:Role": "name",
    "aws:kms/alias:Alias": "name",
    "aws:rds/cluster:Cluster": "clusterIdentifier",
    "aws:rds/clusterInstance:ClusterInstance": "identifier",
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": "name",
    "aws:rds/subnetGroup:SubnetGroup": "name",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:secretsmanager/secret:Secret": "name",
    "aws:sns/topic:Topic": "name",
    "aws:ssm/parameter:Parameter": "name",
}
"""The input that names a resource of a type, where its ARN holds that name."""
AUTONAME_SUFFIX = "-???????"
"""What the engine's autonaming adds: seven hex digits (IAM: `?` is one character)."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose resources they are; it becomes conditions on tags."""

    estate: str
    stacks: tuple[str, ...]
    """One for the stack's own; several where any of the stacks that it reads may have made it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One resource in its graph, in one environment."""

    resource: Resource
    graph: Mapping[Urn, Resource]
    estate: str
    stack: str
    reads: tuple[str, ...]
    """The stacks whose contracts this one reads."""
    environment: str
    account: str
    region: str

    @classmethod
    def all_of(
        cls,
        graph: ResourceGraph,
        *,
        estate: str,
        stack: str,
        reads: tuple[str, ...],
        environment: str,
        account: str,
        region: str,
    ) -> Iterator[Subject]:
        """Every resource that a provider manages."""
        index = {item.urn: item for item in graph.resources}
        for resource in graph.resources:
            if resource.custom and not resource.type.startswith("pulumi:"):
                yield cls(resource, index, estate, stack, reads, environment, account, region)

    @property
    def own(self) -> Owner:
        return Owner(self.estate, (self.stack,))

    def given(self, *properties: str) -> bool:
        """Whether the program sets one of the inputs to something (an unknown value counts)."""
        return any(self.resource.inputs.get(key) not in (None, False, (), "") for key in properties)

    def value(self, prop: str) -> Value:
        """An input; None where it is not given."""
        return self.resource.inputs.get(prop)

    def at(self, resource: Resource) -> Subject:
        """The same view of another resource of the graph."""
        return Subject(
            resource, self.graph, self.estate, self.stack, self.reads,
            self.environment, self.account, self.region,
        )  # fmt: skip

    def behind(self, prop: str, *types: str) -> tuple[Resource, ...]:
        """The resources of this graph from which an input comes, of one of the types where some are named."""
        urns = self.resource.property_dependencies.get(prop, frozenset())
        found = (self.graph[urn] for urn in sorted(urns) if urn in self.graph)
        return tuple(item for item in found if item.custom and (not types or item.type in types))

    def owner_of(self, prop: str) -> Owner:
        """Whose resource an input refers to: this stack's, or one of a stack that it reads, or both."""
        known, value = len(self.behind(prop)), self.value(prop)
        all_own = known >= (len(value) if isinstance(value, tuple) else 1)
        own = (self.stack,) if known or not self.reads else ()
        return Owner(self.estate, own if all_own else (*own, *self.reads))

    def name(self, prop: str | None = None) -> str:
        """The resource's own name for its ARN: given, or as autonaming makes it.

        Raises InvalidInput where it comes from something that is known after apply only.
        """
        prop = prop or NAMED_BY[self.resource.type]
        given = self.value(prop)
        if given is None:
            return f"{self.resource.name}{AUTONAME_SUFFIX}"
        if isinstance(given, str):
            return given
        return self.named(prop)

    def named(self, prop: str) -> str:
        """The name in an input that refers to something by its name or ARN."""
        given = self.value(prop)
        if isinstance(given, str):
            return given.rsplit(":", 1)[-1] if given.startswith("arn:") else given
        for resource in self.behind(prop):
            if resource.type in NAMED_BY:
                return self.at(resource).name()
        raise self.unnamed(prop)

    def unnamed(self, prop: str) -> InvalidInput:
        """What to raise where a permission would have to name what nobody knows yet."""
        shown = "secret" if self.value(prop) is Opaque.SECRET else "known after apply only"
        return InvalidInput(
            Problem(
                f"`{prop}` of `{self.resource.name}` ({self.resource.type}) is {shown}",
                self.resource.source[0] if self.resource.source else self.resource.urn,
                "its permissions are scoped by that name, and a lock file follows from the program alone",
                "make the name from configuration (`prodfirst:prefix`) instead",
            )
        )
