"""Every resource of the example is found again from what its create was given, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from acme_estate import Acme

from prodfirst.adapters.aws.finding import finder
from prodfirst.adapters.pulumi.checkpoint import latest_of
from prodfirst.adapters.pulumi.masking import values_of
from prodfirst.estate.reading import load
from prodfirst.planning.interrupted import Finder, Wanted
from prodfirst.providers.aws.access import DefaultSecurityGroup
from prodfirst.providers.aws.types import TYPES
from prodfirst.resources.graph import Urn, urn_type
from prodfirst.resources.values import freeze
from prodfirst.usecases.site import Site

_ALWAYS_THERE = DefaultSecurityGroup.token
"""Every VPC comes with it; to create it is to adopt it."""


def _made(acme: Acme) -> Iterator[tuple[Wanted, str, Finder]]:
    """Each resource as its create was given it, its id, and the finder of its stack's plan identity."""
    estate = load(acme.folder / "prodfirst.yaml")
    site = Site(estate, next(iter(estate.environments.values())))
    for stack in estate.stacks.values():
        _, access = site.identity(stack, "plan")
        find = finder(access, None)
        resources = latest_of(site.bucket(access).checkpoint(stack.project, "local") or {})["resources"]
        provider = next(item for item in resources if item["type"] == "pulumi:providers:aws")
        for item in resources:
            if item["type"] in TYPES:
                inputs = values_of(item["inputs"])
                yield Wanted(Urn(item["urn"]), inputs, values_of(provider["inputs"])), item["id"], find


def test_each_is_found_and_is_the_only_one(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODFIRST_HOME", str(acme.home))
    missed = {wanted.urn: found for wanted, id, find in _made(acme) if (found := find(wanted)).ids != (id,)}
    assert missed == {}


def test_nothing_is_found_for_a_stack_that_has_made_nothing(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same inputs under the tags of another stack: what exists is never taken for it."""
    monkeypatch.setenv("PRODFIRST_HOME", str(acme.home))
    tags = freeze({"tags": {"prodfirst:estate": "other", "prodfirst:stack": "other"}})
    for wanted, id, find in _made(acme):
        if TYPES[urn_type(wanted.urn)].schema.tagged and urn_type(wanted.urn) != _ALWAYS_THERE:
            other = replace(wanted, provider={**wanted.provider, "defaultTags": tags})
            assert id not in find(other).ids, wanted.urn
