"""Who deployed what is told by the audit of the local cloud: by who wrote the state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import token_estates

from prodfirst.access.proofs import Deployer
from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.estate.definition import StackName
from prodfirst.usecases.deployers import deployers
from prodfirst.usecases.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A bootstrapped environment, in which nothing is deployed."""
    with token_estates.bootstrapped(tmp_path_factory.mktemp("deployers")) as made:
        yield made


def _write(access: AwsAccess, stack: str) -> None:
    """The state, as the engine writes it."""
    key = f".pulumi/stacks/acme-{stack}/local.json"
    access.client("s3").put_object(Bucket="acme-local-state", Key=key, Body=b"{}")


def _of(site: Site, stack: str) -> Deployer:
    (found,) = [item for item in deployers(site) if item.deployment == f"{stack}/local"]
    return found


def test_nobody_deployed_what_has_no_state(site: Site) -> None:
    assert "network/local" not in {item.deployment for item in deployers(site)}


def test_the_session_that_wrote_is_named_with_the_job_that_opened_it(site: Site) -> None:
    _, access = site.identity(site.estate.stacks[StackName("shop")], "apply")
    _write(access, "shop")
    found = _of(site, "shop")
    assert found.own
    assert found.principal.endswith(":assumed-role/acme-local-shop-apply/prodfirst-apply")
    assert found.subject == "repo:acme/estate:environment:local-shop-apply"
    assert (found.calls, found.refused) == (1, 0)


def test_calls_are_those_of_the_session_that_wrote_last(site: Site) -> None:
    shop = site.estate.stacks[StackName("shop")]
    _, first = site.identity(shop, "apply")
    _write(first, "shop")
    _, second = site.identity(shop, "apply")
    with pytest.raises(Exception, match="AccessDenied"):
        _write(second, "network")
    _write(second, "shop")
    found = _of(site, "shop")
    assert (found.calls, found.refused) == (1, 1)


def test_a_write_of_somebody_else_is_not_its_own(site: Site) -> None:
    _, access = site.identity(site.estate.stacks[StackName("shop")], "apply")
    _write(access, "shop")
    _write(site.operator, "shop")
    found = _of(site, "shop")
    assert not found.own
    assert found.principal.endswith(":user/prodfirst-administrator")
    assert found.subject == ""
