"""Additions to identities that no program declares, made by the ordinary client and found by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import token_estates

from prodfirst.kernel.findings import Finding
from prodfirst.usecases.identity_drift import drift_of_identities
from prodfirst.usecases.site import Site

_ROLE = "acme-local-shop-apply"
_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
_BOUNDARY = "arn:aws:iam::210987654321:policy/prodfirst/acme/local/boundary/acme-local-boundary-shop"
_PROVIDER = "arn:aws:iam::210987654321:oidc-provider/token.actions.githubusercontent.com"
_EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Wide", "Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
_ANYBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Any", "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
    }
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A bootstrapped environment."""
    with token_estates.bootstrapped(tmp_path_factory.mktemp("identity-drift")) as made:
        yield made


def _attach(iam: Any) -> Callable[[], Any]:
    iam.attach_role_policy(RoleName=_ROLE, PolicyArn=_ADMIN)
    return lambda: iam.detach_role_policy(RoleName=_ROLE, PolicyArn=_ADMIN)


def _inline(iam: Any) -> Callable[[], Any]:
    iam.put_role_policy(RoleName=_ROLE, PolicyName="extra", PolicyDocument=_EVERYTHING)
    return lambda: iam.delete_role_policy(RoleName=_ROLE, PolicyName="extra")


def _trust(iam: Any) -> Callable[[], Any]:
    before = json.dumps(iam.get_role(RoleName=_ROLE)["Role"]["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(RoleName=_ROLE, PolicyDocument=_ANYBODY)
    return lambda: iam.update_assume_role_policy(RoleName=_ROLE, PolicyDocument=before)


def _widen(iam: Any) -> Callable[[], Any]:
    before = iam.get_policy_version(PolicyArn=_BOUNDARY, VersionId="v1")["PolicyVersion"]["Document"]
    iam.create_policy_version(PolicyArn=_BOUNDARY, PolicyDocument=_EVERYTHING, SetAsDefault=True)
    return lambda: iam.create_policy_version(
        PolicyArn=_BOUNDARY, PolicyDocument=json.dumps(before), SetAsDefault=True
    )


def _unbound(iam: Any) -> Callable[[], Any]:
    iam.delete_role_permissions_boundary(RoleName=_ROLE)
    return lambda: iam.put_role_permissions_boundary(RoleName=_ROLE, PermissionsBoundary=_BOUNDARY)


def _audience(iam: Any) -> Callable[[], Any]:
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=_PROVIDER, ClientID="theirs")
    return lambda: iam.remove_client_id_from_open_id_connect_provider(
        OpenIDConnectProviderArn=_PROVIDER, ClientID="theirs"
    )


def _role(iam: Any) -> Callable[[], Any]:
    path = "/prodfirst/acme/local/"
    iam.create_role(RoleName="theirs", Path=path, AssumeRolePolicyDocument=_ANYBODY)
    return lambda: iam.delete_role(RoleName="theirs")


_ADDITIONS: dict[str, tuple[Callable[[Any], Callable[[], Any]], str, str]] = {
    "a policy attached": (_attach, "identity-added", f"policy `{_ADMIN}` on role `{_ROLE}`"),
    "an inline policy": (_inline, "identity-added", f"inline policy `extra` of role `{_ROLE}`"),
    "a trust policy changed": (_trust, "identity-changed", f"the trust policy of role `{_ROLE}`"),
    "a boundary widened": (_widen, "identity-changed", f"policy `{_BOUNDARY}`"),
    "a boundary taken off": (_unbound, "identity-changed", f"the boundary of role `{_ROLE}`"),
    "another audience": (_audience, "identity-added", "audience `theirs` of identity provider"),
    "another role": (_role, "identity-added", "role `theirs`"),
}


def _found(site: Site) -> tuple[Finding, ...]:
    return drift_of_identities(site).findings


@pytest.mark.parametrize("addition", _ADDITIONS)
def test_an_addition_is_found_and_named(site: Site, addition: str) -> None:
    change, rule, what = _ADDITIONS[addition]
    assert _found(site) == ()
    undo = change(site.operator.client("iam"))
    try:
        (finding,) = _found(site)
    finally:
        undo()
    assert finding.rule == rule
    assert finding.what.startswith(what)
    assert finding.why
    assert finding.fix
    assert _found(site) == ()


def test_a_role_that_somebody_deleted_is_found(site: Site) -> None:
    iam = site.operator.client("iam")
    role = "acme-local-network-plan"
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    iam.delete_role(RoleName=role)
    (finding,) = _found(site)
    assert (finding.rule, finding.what) == ("identity-gone", f"role `{role}` is gone")
    assert "prodfirst bootstrap" in finding.fix
