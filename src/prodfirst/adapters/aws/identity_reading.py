"""Reads all identities of an environment from the account, with whatever was added to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.state_store import error_code
from prodfirst.drift.identities import IdentityFacts, RoleFacts


def read_identities(access: AwsAccess, path: str, providers: tuple[str, ...]) -> IdentityFacts:
    """Roles and policies below `path`, and the given identity providers (ARNs)."""
    iam = access.client("iam")
    roles: dict[str, RoleFacts] = {}
    policies: dict[str, Mapping[str, Any]] = {}
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["Role", "LocalManagedPolicy"]
    )
    for page in pages:
        for item in page["RoleDetailList"]:
            if item["Path"].startswith(path):
                roles[item["RoleName"]] = _role(iam, item)
        for item in page["Policies"]:
            if item["Path"].startswith(path):
                default = next(one for one in item["PolicyVersionList"] if one["IsDefaultVersion"])
                policies[item["Arn"]] = _document(default["Document"])
    return IdentityFacts(roles, policies, _providers(iam, providers))


def _role(iam: Any, item: Mapping[str, Any]) -> RoleFacts:
    # the local AWS API leaves the boundary out of the details; a role says it itself
    limit = item.get("PermissionsBoundary") or iam.get_role(RoleName=item["RoleName"])["Role"].get(
        "PermissionsBoundary"
    )
    return RoleFacts(
        trust=_document(item["AssumeRolePolicyDocument"]),
        boundary=str((limit or {}).get("PermissionsBoundaryArn", "")),
        inline={one["PolicyName"]: _document(one["PolicyDocument"]) for one in item["RolePolicyList"]},
        attached=frozenset(one["PolicyArn"] for one in item["AttachedManagedPolicies"]),
    )


def _providers(iam: Any, arns: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for arn in arns:
        try:
            known = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        except ClientError as error:
            if error_code(error) != "NoSuchEntity":
                raise
        else:
            found[arn] = frozenset(known["ClientIDList"])
    return found


def _document(found: Any) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(found) if isinstance(found, str) else found
    return document
