"""IAM: identities by name, whose ARNs have paths, and the keys that keep privileges from growing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prodfirst.localcloud.aws.authorization.calls import Call, Use, pairs, tag_keys
from prodfirst.localcloud.aws.authorization.targets import arn, uses

_NAMES: Mapping[str, tuple[str, ...]] = {
    "user": ("UserName",),
    "group": ("GroupName",),
    "role": ("RoleName",),
    "instance-profile": ("InstanceProfileName",),
}
_ARNS: Mapping[str, tuple[str, ...]] = {
    "policy": ("PolicyArn",),
    "oidc-provider": ("OpenIDConnectProviderArn",),
    "saml-provider": ("SAMLProviderArn",),
}
_ATTACHES = tuple(
    f"{verb}{kind}Policy" for verb in ("Attach", "Detach") for kind in ("Role", "User", "Group")
)
_OWN = frozenset(
    {"GetUser", "ChangePassword", "CreateAccessKey", "DeleteAccessKey", "ListAccessKeys", "UpdateAccessKey"}
)
"""Without a name they are on the caller (IAM API reference)."""
_BY_BOUNDARY = frozenset(
    {
        *(
            f"{verb}{kind}Policy"
            for kind in ("Role", "User")
            for verb in ("Attach", "Detach", "Put", "Delete")
        ),
        *(f"Delete{kind}PermissionsBoundary" for kind in ("Role", "User")),
    }
)
"""Actions for which `iam:PermissionsBoundary` is the boundary that the identity has (Service Authorization
Reference); where a call sets one, it is the new one."""


def of(call: Call) -> Iterator[Use]:
    """The uses of a call."""
    bound = {type: [_identity(call, type, name) for name in call.texts(*parameters)]
             for type, parameters in _NAMES.items()}  # fmt: skip
    bound |= {type: call.texts(*parameters) for type, parameters in _ARNS.items()}
    if call.operation in _ATTACHES:
        # the policy is no resource of these actions but the key `iam:PolicyARN`
        bound["policy"] = []
    if not bound["user"] and call.operation in _OWN:
        bound["user"] = [call.caller]
    if call.operation == "CreatePolicy":
        bound["policy"] = [arn(call, "policy", _path(call) + call.text("PolicyName"))]
    if call.operation == "CreateOpenIDConnectProvider":
        host = call.text("Url").removeprefix("https://").rstrip("/")
        bound["oidc-provider"] = [arn(call, "oidc-provider", host)]
    if call.operation == "CreateServiceLinkedRole":
        service = call.text("AWSServiceName")
        bound["role"] = [arn(call, "role", f"aws-service-role/{service}/*")]
    yield from uses(call, bound, tags=_tags(call), keys=_keys(call, bound))


def _identity(call: Call, type: str, name: str) -> str:
    if call.operation == f"Create{type.title().replace('-', '')}":
        return arn(call, type, _path(call) + name)
    return call.state.identity(type, name) or arn(call, type, name)


def _path(call: Call) -> str:
    return call.text("Path").lstrip("/")


def _keys(call: Call, bound: Mapping[str, list[str]]) -> dict[str, str]:
    keys = {}
    if boundary := call.text("PermissionsBoundary"):
        keys["iam:PermissionsBoundary"] = boundary
    elif call.operation in _BY_BOUNDARY:
        for identity in (*bound["role"], *bound["user"]):
            if held := call.state.boundary(identity):
                keys["iam:PermissionsBoundary"] = held
    if call.operation in _ATTACHES:
        keys["iam:PolicyARN"] = call.text("PolicyArn")
    if service := call.text("AWSServiceName"):
        keys["iam:AWSServiceName"] = service
    return keys


def _tags(call: Call) -> Mapping[str, str | tuple[str, ...]]:
    removed = call.texts("TagKeys")
    return {"aws:TagKeys": tuple(removed)} if removed else tag_keys(pairs(call.input.get("Tags")))
