"""Graphs, estates and locks in one line each, and the decision of our evaluator over a lock's documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prodfirst.access.aws.deciding import decide
from prodfirst.access.aws.documents import parse
from prodfirst.access.aws.policies import Policies
from prodfirst.access.aws.requests import Principal, PrincipalKind, Request, context
from prodfirst.estate.definition import (
    Environment,
    EnvironmentName,
    Estate,
    Layer,
    Read,
    Stack,
    StackName,
    TeamName,
)
from prodfirst.kernel.errors import Position
from prodfirst.permissions.aws.documents import Holdings, documents
from prodfirst.permissions.lock import Lock
from prodfirst.permissions.state_aws import KeyScope, StateLocation
from prodfirst.permissions.synthesis import facts_of, lock_of
from prodfirst.resources.graph import Resource, ResourceGraph, Urn
from prodfirst.resources.values import freeze

HERE = Position("prodfirst.yaml", 1)
ACCOUNTS = {"staging": "111122223333", "production": "444455556666"}
ROLE = Principal(
    PrincipalKind.SESSION,
    f"arn:aws:sts::{ACCOUNTS['staging']}:assumed-role/r/s",
    ACCOUNTS["staging"],
    role=f"arn:aws:iam::{ACCOUNTS['staging']}:role/r",
)


def estate(*environments: str, reads: Mapping[str, Iterable[str]] | None = None) -> Estate:
    """`acme` with the stack `network`, and `shop`, which reads what is named."""
    return Estate(
        "acme",
        "github.com/acme/estate",
        Path("/estate"),
        MappingProxyType(
            {
                EnvironmentName(name): Environment(
                    EnvironmentName(name), "aws", ACCOUNTS[name], "eu-central-1", ("eu-central-1a",),
                    "s3://acme-state", False, HERE,
                )
                for name in environments or ("staging",)
            }
        ),
        stacks=MappingProxyType(
            {StackName("network"): _stack("network", {}), StackName("shop"): _stack("shop", reads or {})}
        ),
    )  # fmt: skip


def _stack(name: str, reads: Mapping[str, Iterable[str]]) -> Stack:
    found = tuple(
        Read(StackName(stack), tuple(fields), HERE, tuple(HERE for _ in fields))
        for stack, fields in reads.items()
    )
    return Stack(
        StackName(name), Layer.INFRASTRUCTURE, TeamName("platform"), Path(f"/estate/{name}"), f"acme-{name}",
        False, found, HERE,
    )  # fmt: skip


def urn(type_: str, name: str) -> Urn:
    return Urn(f"urn:pulumi:staging::acme::{type_}::{name}")


def resource(
    type_: str, name: str, line: int = 1, /, *, after: Mapping[str, Urn] | None = None, **inputs: Any
) -> Resource:
    """A registration; `after` says from which resource an input comes."""
    return Resource(
        urn(type_, name),
        True,
        MappingProxyType({key: freeze(value) for key, value in inputs.items()}),
        property_dependencies={key: frozenset({source}) for key, source in (after or {}).items()},
        source=(Position("shop/__main__.py", line),),
    )


def graph(*resources: Resource) -> ResourceGraph:
    return ResourceGraph(tuple(sorted(resources, key=lambda item: item.urn)))


def lock(*resources: Resource, stack: str = "shop", of: Estate | None = None) -> Lock:
    """The lock of a stack whose program is the same in every environment."""
    owner = of or estate()
    graphs = {str(name): graph(*resources) for name in owner.environments}
    return lock_of(owner, owner.stacks[StackName(stack)], graphs)


def allowed(
    held: Lock,
    phase: str,
    action: str,
    resource: str,
    keys: Mapping[str, str | Iterable[str]] | None = None,
    *,
    environment: str = "staging",
    contracts: tuple[str, ...] = (),
) -> bool:
    """Whether the identity of a phase may do it, by our evaluator of AWS policies."""
    place = estate("staging", "production").environments[EnvironmentName(environment)]
    state = StateLocation("acme-state", "", "acme-shop", environment, KeyScope("arn:aws:kms:::key/*", {}))
    made = documents(Holdings(held, facts_of(place), state, contracts), phase)
    asked = {"aws:RequestedRegion": "eu-central-1", **(keys or {})}
    request = Request(ROLE, action, resource, context(asked))
    policies = tuple(parse(f"p{number}", document) for number, document in enumerate(made))
    return decide(request, Policies(identity=policies)).allowed


def tags(stack: str = "shop", kind: str = "Resource", environment: str = "staging") -> dict[str, str]:
    """Context keys of what a stack owns, or makes (`kind="Request"`)."""
    values = {"environment": environment, "estate": "acme", "stack": stack}
    return {f"aws:{kind}Tag/prodfirst:{key}": value for key, value in values.items()}
