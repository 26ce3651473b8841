"""From each stack identity everything that is another's is tried on the real local cloud."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import token_estates

from prodfirst.access.attempts import Attempt
from prodfirst.kernel.errors import InvalidInput
from prodfirst.usecases.isolation import isolation
from prodfirst.usecases.site import Site


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, tuple[Attempt, ...]]]:
    """All attempts on a bootstrapped estate whose stacks have state."""
    with token_estates.bootstrapped(tmp_path_factory.mktemp("isolation")) as site:
        s3 = site.operator.client("s3")
        for stack in site.estate.stacks.values():
            key = f".pulumi/stacks/{stack.project}/local.json"
            s3.put_object(Bucket="acme-local-state", Key=key, Body=b"{}")
        yield site, isolation(site, lambda _text: None)


def test_nothing_of_another_stack_is_let_through(tried: tuple[Site, tuple[Attempt, ...]]) -> None:
    wrong = [f"{item.identity}: {item.what}: {item.code or 'allowed'}" for item in tried[1] if not item.right]

    assert wrong == []


def test_each_identity_tries_all_there_is(tried: tuple[Site, tuple[Attempt, ...]]) -> None:
    identities = {item.identity for item in tried[1]}
    assert identities == {"network/plan", "network/apply", "shop/plan", "shop/apply"}
    whats = {item.what for item in tried[1] if item.identity == "shop/plan"}
    for thing in ("state", "history", "key", "contract"):
        assert any(thing in what and "network" in what for what in whats), thing
    assert {"lock network", "take on network/apply", "exchange its own boundary"} <= whats
    assert "loosen its own boundary" in whats


def test_what_is_its_own_is_let_through(tried: tuple[Site, tuple[Attempt, ...]]) -> None:
    own = [item for item in tried[1] if item.expected]
    assert [item.what for item in own] == ["read its own state"] * 4
    assert all(item.allowed for item in own)


def test_each_attempt_is_in_the_audit_under_its_id(tried: tuple[Site, tuple[Attempt, ...]]) -> None:
    site, attempts = tried
    audit = {entry["id"]: entry for entry in map(json.loads, site.cloud.audit.read_text().splitlines())}
    assert len(attempts) > 50
    wrong = [item for item in attempts if (audit[item.audit]["decision"] == "deny") == item.allowed]
    assert wrong == []


def test_the_attempts_left_nothing_behind(tried: tuple[Site, tuple[Attempt, ...]]) -> None:
    operator = tried[0].operator
    names = [role["RoleName"] for role in operator.client("iam").list_roles()["Roles"]]
    assert not [name for name in names if "probe" in name]
    found = operator.client("s3").list_objects_v2(Bucket="acme-local-state")["Contents"]
    assert not [item["Key"] for item in found if "probe" in item["Key"]]


def test_an_identity_that_is_too_wide_is_found(tried: tuple[Site, tuple[Attempt, ...]]) -> None:
    site, _ = tried
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam, role = site.operator.client("iam"), "acme-local-shop-plan"
    iam.put_role_policy(RoleName=role, PolicyName="wide", PolicyDocument=json.dumps(everything))
    iam.delete_role_permissions_boundary(RoleName=role)

    before = _kept(site)

    wrong = {item.what for item in isolation(site, lambda _text: None, ("shop/plan",)) if not item.right}

    assert wrong >= {"read the state of network", "publish in the contract of network"}
    assert "exchange its own boundary" in wrong
    assert {"lock network", "write into the history of network", "make a role without a boundary"} <= wrong
    assert _kept(site) == before, "an attempt that was let through changed something"


def _kept(site: Site) -> dict[str, object]:
    """All that the attempts speak of."""
    iam, s3, ssm = (site.operator.client(service) for service in ("iam", "s3", "ssm"))
    versions = s3.list_object_versions(Bucket="acme-local-state")
    details = iam.get_account_authorization_details()
    return {
        "objects": versions.get("Versions"),
        "deleted": versions.get("DeleteMarkers"),
        "parameters": ssm.describe_parameters()["Parameters"],
        "roles": details["RoleDetailList"],
        "users": details["UserDetailList"],
        "policies": details["Policies"],
    }


def test_who_is_named_and_not_there_is_told_with_those_who_are(
    tried: tuple[Site, tuple[Attempt, ...]],
) -> None:
    with pytest.raises(InvalidInput, match="nobody is `shop`") as refused:
        isolation(tried[0], lambda _text: None, ("shop",))
    assert "`shop/plan`" in refused.value.problems[0].fix
