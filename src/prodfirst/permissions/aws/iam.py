"""IAM: everything has a name and a path, and no region. A role is made only with its boundary attached.

The call graph has one function for the tags of all IAM types; each entry names its own type's calls alone.
"""

from __future__ import annotations

from prodfirst.permissions.aws.entry import Entry, calls, omitted, rule
from prodfirst.permissions.aws.scope import Scope, Target, arn, of
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.grants import conditions


def role_path(subject: Subject, prop: str) -> str:
    """`role/PATH/NAME` of the role that an input names or refers to."""
    value = subject.value(prop)
    if isinstance(value, str):
        return value.split(":", 5)[5] if value.startswith("arn:") else f"role/{value}"
    for role in subject.behind(prop, "aws:iam/role:Role"):
        return _path(subject.at(role), "role")
    raise subject.unnamed(prop)


def pass_role(prop: str, service: str) -> Scope:
    """The role in an input, passed to one service."""
    return of(
        arn("iam", lambda subject: role_path(subject, prop), regional=False),
        StringEquals={"iam:PassedToService": service},
    )


def linked_role(service: str) -> Scope:
    """The role that a service makes for itself, once in an account."""
    return of(
        arn("iam", lambda _subject: f"role/aws-service-role/{service}/*", regional=False),
        StringEquals={"iam:AWSServiceName": service},
    )


def _path(subject: Subject, kind: str) -> str:
    path = subject.value("path")
    if path is not None and not isinstance(path, str):
        raise subject.unnamed("path")
    return f"{kind}{path or '/'}{subject.name()}"


def _own(kind: str) -> Scope:
    return arn("iam", lambda subject: _path(subject, kind), regional=False)


_ROLE = _own("role")
_ROLE_OF_INPUT = arn("iam", lambda subject: role_path(subject, "role"), regional=False)


def _bounded(scope: Scope) -> Scope:
    """Only with the boundary that the program attaches, so that nobody makes a role without one."""

    def bounded(subject: Subject) -> list[Target]:
        if not subject.given("permissionsBoundary"):
            return list(scope(subject))
        limit = {"ArnEquals": {"iam:PermissionsBoundary": _policy_arn(subject, "permissionsBoundary")}}
        return [Target(item.resource, conditions(limit)) for item in scope(subject)]

    return bounded


def _policy_arn(subject: Subject, prop: str) -> str:
    value = subject.value(prop)
    if isinstance(value, str):
        return value
    for policy in subject.behind(prop, "aws:iam/policy:Policy"):
        return f"arn:aws:iam::{subject.account}:{_path(subject.at(policy), 'policy')}"
    raise subject.unnamed(prop)


def _attached(subject: Subject) -> list[Target]:
    limit = {"ArnEquals": {"iam:PolicyARN": _policy_arn(subject, "policyArn")}}
    return [Target(item.resource, conditions(limit)) for item in _ROLE_OF_INPUT(subject)]


ROLE = Entry(
    "aws:iam/role:Role",
    "aws_iam_role",
    "iam",
    calls(
        create="AttachRolePolicy CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy GetRole"
        " GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies PutRolePolicy"
        " RemoveRoleFromInstanceProfile TagRole UntagRole",
        read="GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies",
        update="AttachRolePolicy DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy GetRole"
        " GetRolePolicy ListAttachedRolePolicies ListRolePolicies PutRolePermissionsBoundary PutRolePolicy"
        " UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
        delete="DeleteRole DeleteRolePolicy DetachRolePolicy ListAttachedRolePolicies"
        " ListInstanceProfilesForRole ListRolePolicies RemoveRoleFromInstanceProfile",
        tags="ListRoleTags",
        retags="TagRole UntagRole",
    ),
    (
        rule("CreateRole", _bounded(_ROLE)),
        rule("DeleteRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription", _ROLE),
        rule("GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies ListRoleTags", _ROLE),
        rule("ListInstanceProfilesForRole", _ROLE),
        rule("TagRole UntagRole", _ROLE),
        rule("PutRolePermissionsBoundary", _bounded(_ROLE)),
        rule(
            "PutRolePolicy DeleteRolePolicy",
            _ROLE,
            when=lambda subject: subject.given("inlinePolicies") or subject.given("forceDetachPolicies"),
        ),
        rule(
            "AttachRolePolicy DetachRolePolicy",
            _ROLE,
            when=lambda subject: subject.given("managedPolicyArns") or subject.given("forceDetachPolicies"),
        ),
    ),
    left_out=omitted(
        {
            "DeleteRolePermissionsBoundary": "a boundary is never taken off a role: a program that drops "
            "`permissionsBoundary` must fail",
            "RemoveRoleFromInstanceProfile": "only for an instance profile that somebody else made with "
            "the role; its own type takes it out",
        }
    ),
)

ROLE_POLICY = Entry(
    "aws:iam/rolePolicy:RolePolicy",
    "aws_iam_role_policy",
    "iam",
    calls(
        create="GetRolePolicy PutRolePolicy",
        read="GetRolePolicy",
        update="GetRolePolicy PutRolePolicy",
        delete="DeleteRolePolicy",
    ),
    (rule("GetRolePolicy PutRolePolicy DeleteRolePolicy", _ROLE_OF_INPUT),),
)

_POLICY = _own("policy")
POLICY = Entry(
    "aws:iam/policy:Policy",
    "aws_iam_policy",
    "iam",
    calls(
        create="CreatePolicy GetPolicy GetPolicyVersion TagPolicy UntagPolicy",
        read="GetPolicy GetPolicyVersion",
        update="CreatePolicyVersion DeletePolicyVersion GetPolicy GetPolicyVersion ListPolicyVersions"
        " SetDefaultPolicyVersion",
        delete="DeletePolicy DeletePolicyVersion ListPolicyVersions",
        tags="ListPolicyTags",
        retags="TagPolicy UntagPolicy",
    ),
    (
        rule("CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion", _POLICY),
        rule("SetDefaultPolicyVersion TagPolicy UntagPolicy", _POLICY),
        rule("GetPolicy GetPolicyVersion ListPolicyTags ListPolicyVersions", _POLICY),
    ),
)

ATTACHMENT = Entry(
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws_iam_role_policy_attachment",
    "iam",
    calls(
        create="AttachRolePolicy ListAttachedRolePolicies",
        read="ListAttachedRolePolicies",
        delete="DetachRolePolicy",
    ),
    (
        rule("AttachRolePolicy DetachRolePolicy", _attached),
        rule("ListAttachedRolePolicies", _ROLE_OF_INPUT),
    ),
)


def _provider(subject: Subject) -> str:
    url = subject.value("url")
    if not isinstance(url, str):
        raise subject.unnamed("url")
    return f"oidc-provider/{url.removeprefix('https://')}"


_PROVIDER = arn("iam", _provider, regional=False)
OIDC_PROVIDER = Entry(
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws_iam_openid_connect_provider",
    "iam",
    calls(
        create="CreateOpenIDConnectProvider GetOpenIDConnectProvider TagOpenIDConnectProvider"
        " UntagOpenIDConnectProvider",
        read="GetOpenIDConnectProvider",
        update="AddClientIDToOpenIDConnectProvider GetOpenIDConnectProvider"
        " RemoveClientIDFromOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint",
        delete="DeleteOpenIDConnectProvider",
        tags="ListOpenIDConnectProviderTags",
        retags="TagOpenIDConnectProvider UntagOpenIDConnectProvider",
    ),
    (
        rule("CreateOpenIDConnectProvider DeleteOpenIDConnectProvider", _PROVIDER),
        rule("GetOpenIDConnectProvider ListOpenIDConnectProviderTags", _PROVIDER),
        rule(
            "AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider"
            " UpdateOpenIDConnectProviderThumbprint TagOpenIDConnectProvider UntagOpenIDConnectProvider",
            _PROVIDER,
        ),
    ),
)

ENTRIES = (ROLE, ROLE_POLICY, POLICY, ATTACHMENT, OIDC_PROVIDER)
