"""A cluster of the environment that cannot be tried is named; it is never left out."""

from __future__ import annotations

from dataclasses import replace

from prodfirst.localcloud.kubernetes.cluster import Cluster, Status
from prodfirst.usecases.isolation_clusters import untriable

_TAGS = {"prodfirst:stack": "platform"}
_CLUSTER = Cluster("A" * 32, "000000000000", "eu-central-1", "acme", "172.20.0.0/16", Status.ACTIVE)


def test_one_that_is_not_active_is_named_with_its_status() -> None:
    problem = untriable(replace(_CLUSTER, status=Status.FAILED, reason="no memory"), _TAGS)
    assert problem is not None
    assert problem.what == "cluster `acme` cannot be tried"
    assert problem.why == "it is FAILED: no memory"


def test_one_that_nobody_is_known_to_have_made_is_named() -> None:
    problem = untriable(_CLUSTER, {})
    assert problem is not None
    assert "no tag `prodfirst:stack`" in problem.why
    assert untriable(_CLUSTER, _TAGS) is None
