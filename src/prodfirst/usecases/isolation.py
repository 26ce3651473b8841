"""`prodfirst isolation`: from each identity every other stack's things are tried, by real calls.

A call that is let through leaves nothing: what is written is a probe, and is deleted; other calls of IAM name
something that is not there, which AWS looks for after it has decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from prodfirst.access.attempts import Attempt
from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.state_store import error_code
from prodfirst.contracts.publication import parameter_name
from prodfirst.estate.definition import Stack
from prodfirst.permissions.roles_aws import PHASES
from prodfirst.usecases.site import Site

_REFUSALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_LET_THROUGH = frozenset({"404", "EntityAlreadyExists", "NoSuchEntity",
                          "NoSuchKey", "ParameterNotFound"})  # fmt: skip
"""The call was looked at, so it had been let through."""
_PROBE = "prodfirst-isolation-probe"
_NOBODY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}'
Call = Callable[[AwsAccess], Any]


def isolation(
    site: Site, report: Callable[[str], None], stacks: tuple[Stack, ...] = ()
) -> tuple[Attempt, ...]:
    """Every attempt of the identities of `stacks`, or of all; those on its own things come first."""
    rows: list[Attempt] = []
    for stack in stacks or tuple(site.estate.stacks.values()):
        for phase in PHASES:
            report(f"under {stack.name}/{phase}")
            identity, access = site.identity(stack, phase)
            for wanted, what, call in _calls(site, stack, identity):
                rows.append(_try(f"{stack.name}/{phase}", what, call, access, allowed=wanted))
    return tuple(rows)


def _calls(site: Site, stack: Stack, identity: str) -> Iterator[tuple[bool, str, Call]]:
    """Whether it must be allowed, what it is, and how it is tried."""
    yield True, "read its own state", partial(_read_state, site, stack)
    for other in site.estate.stacks.values():
        if other.name == stack.name:
            continue
        name = other.name
        yield False, f"read the state of {name}", partial(_read_state, site, other)
        yield False, f"write into the state of {name}", partial(_write, site, _state(site, other, "json"))
        yield False, f"list the history of {name}", partial(_list, site, _history(site, other))
        yield False, f"write into the history of {name}", partial(_write, site, _history(site, other))
        yield False, f"lock {name}", partial(_write, site, _lock(site, other))
        yield False, f"use the key of {name}", partial(_encrypt, site, other)
        yield False, f"publish in the contract of {name}", partial(_publish, site, other)
        if other.name not in {read.stack for read in stack.reads}:
            yield False, f"read the contract of {name}", partial(_contract, site, other)
        for phase in PHASES:
            role = site.roles.arn(site.role_name(other, phase))
            yield False, f"take on {name}/{phase}", partial(_assume, role)
    yield from _upwards(site, stack, identity)


def _upwards(site: Site, stack: Stack, identity: str) -> Iterator[tuple[bool, str, Call]]:
    """What would make the identity itself more than it is."""
    role = identity.rpartition("/")[2]
    boundary = site.ground.boundary_arn(site.ground.boundary_name(stack.name))
    yield False, "change a policy of its own role", partial(_take_policy, role)
    yield False, "attach another policy to its own role", partial(_attach, role)
    yield False, "change the tags of its own role", partial(_untag, role)
    yield False, "exchange its own boundary", partial(_rebound, role)
    yield False, "loosen its own boundary", partial(_loosen, boundary)
    yield False, "make a role without a boundary", partial(_make_role, site)
    yield False, "make a long-lived key", _make_key


def _try(who: str, what: str, call: Call, access: AwsAccess, *, allowed: bool) -> Attempt:
    try:
        call(access)
    except ClientError as error:
        code = error_code(error)
        if code not in _REFUSALS | _LET_THROUGH:
            raise
        answer = error.response.get("ResponseMetadata", {})
        reason = str(error.response.get("Error", {}).get("Message", ""))
        through = code in _LET_THROUGH
        return Attempt(who, what, through, allowed, code, reason, str(answer.get("RequestId", "")))
    return Attempt(who, what, True, allowed)


def _state(site: Site, stack: Stack, suffix: str) -> str:
    return f"{_prefix(site)}.pulumi/stacks/{stack.project}/{site.environment.name}.json.{_PROBE}.{suffix}"


def _history(site: Site, stack: Stack) -> str:
    return f"{_prefix(site)}.pulumi/history/{stack.project}/{site.environment.name}/{_PROBE}"


def _lock(site: Site, stack: Stack) -> str:
    return f"{_prefix(site)}.pulumi/locks/organization/{stack.project}/{site.environment.name}/{_PROBE}"


def _prefix(site: Site) -> str:
    return site.bucket(site.operator).prefix


def _read_state(site: Site, stack: Stack, access: AwsAccess) -> None:
    bucket = site.bucket(access)
    key = f"{bucket.prefix}.pulumi/stacks/{stack.project}/{site.environment.name}.json"
    access.client("s3").get_object(Bucket=bucket.bucket, Key=key)


def _write(site: Site, key: str, access: AwsAccess) -> None:
    s3, bucket = access.client("s3"), site.bucket(access).bucket
    s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    s3.delete_object(Bucket=bucket, Key=key)


def _list(site: Site, key: str, access: AwsAccess) -> None:
    bucket = site.bucket(access).bucket
    access.client("s3").list_objects_v2(Bucket=bucket, Prefix=key.rpartition("/")[0])


def _encrypt(site: Site, stack: Stack, access: AwsAccess) -> None:
    access.client("kms").encrypt(KeyId=site.key(stack).alias, Plaintext=b"probe")


def _publish(site: Site, stack: Stack, access: AwsAccess) -> None:
    ssm, name = access.client("ssm"), _field(site, stack)
    ssm.put_parameter(Name=name, Value="probe", Type="String")
    ssm.delete_parameter(Name=name)


def _contract(site: Site, stack: Stack, access: AwsAccess) -> None:
    access.client("ssm").get_parameter(Name=_field(site, stack))


def _field(site: Site, stack: Stack) -> str:
    return parameter_name(site.estate.name, site.environment.name, stack.name, _PROBE)


def _assume(role: str, access: AwsAccess) -> None:
    access.assume(role, "probe")


def _take_policy(role: str, access: AwsAccess) -> None:
    access.client("iam").delete_role_policy(RoleName=role, PolicyName=_PROBE)


def _attach(role: str, access: AwsAccess) -> None:
    access.client("iam").attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/{_PROBE}")


def _untag(role: str, access: AwsAccess) -> None:
    access.client("iam").untag_role(RoleName=role, TagKeys=[_PROBE])


def _rebound(role: str, access: AwsAccess) -> None:
    boundary = f"arn:aws:iam::aws:policy/{_PROBE}"
    access.client("iam").put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)


def _loosen(boundary: str, access: AwsAccess) -> None:
    access.client("iam").delete_policy_version(PolicyArn=boundary, VersionId="v999")


def _make_role(site: Site, access: AwsAccess) -> None:
    iam = access.client("iam")
    iam.create_role(RoleName=_PROBE, Path=site.roles.path, AssumeRolePolicyDocument=_NOBODY)
    iam.delete_role(RoleName=_PROBE)


def _make_key(access: AwsAccess) -> None:
    access.client("iam").create_access_key(UserName=_PROBE)
