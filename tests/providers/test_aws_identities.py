"""Identities as an identity stack declares them."""

from __future__ import annotations

import json

import pytest
from aws_programs import HEAD, AwsProgram
from local_callers import ACCOUNT, Caller

from prodfirst.planning.steps import Operation
from prodfirst.providers.schema import same_policy

_ESTATE = (
    HEAD
    + """
issuer = aws.iam.OpenIdConnectProvider(
    "o", url="https://issuer.example", client_id_lists=["sts.amazonaws.com"], tags={"a": "1"}
)
boundary = aws.iam.Policy(
    "b", name="boundary", path="/prodfirst/", tags={"a": "1"},
    policy={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]},
)
role = aws.iam.Role(
    "r",
    name="network-apply",
    path="/prodfirst/",
    description="d",
    assume_role_policy=issuer.arn.apply(lambda arn: json.dumps({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Federated": arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {"issuer.example:sub": ["x"]}},
        },
    })),
    max_session_duration=3600,
    permissions_boundary=boundary.arn,
    tags={"a": "1"},
)
inline = aws.iam.RolePolicy(
    "i", name="inline", role=role.name,
    policy=json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}),
)
attached = aws.iam.RolePolicyAttachment("a", role=role.name, policy_arn=boundary.arn)
pulumi.export("role", role.arn)
pulumi.export("boundary", boundary.arn)
pulumi.export("issuer", issuer.arn)
"""
)


def test_identities_from_the_first_up_to_nothing(aws: AwsProgram, administrator: Caller) -> None:
    iam = administrator.client("iam")
    aws.up(_ESTATE)
    assert aws.output("role") == f"arn:aws:iam::{ACCOUNT}:role/prodfirst/network-apply"
    assert aws.unsettled(_ESTATE) == []

    changed = _ESTATE
    for old, new in (
        ('["s3:*"]', '["s3:*", "kms:*"]'),
        ('"x"', '"y"'),
        ('description="d"', 'description="e"'),
        ("max_session_duration=3600", "max_session_duration=7200"),
        ("    permissions_boundary=boundary.arn,\n", ""),
        ('"s3:GetObject"', '"s3:PutObject"'),
        ('["sts.amazonaws.com"]', '["sts.amazonaws.com", "other"]'),
        ('"a": "1"', '"a": "2"'),
    ):
        assert old in changed
        changed = changed.replace(old, new)
    assert aws.steps(changed) == {
        **dict.fromkeys("bori", Operation.UPDATE),
        "a": Operation.SAME,
    }
    aws.up(changed)
    shown = iam.get_role(RoleName="network-apply")["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("e", 7200)
    assert "PermissionsBoundary" not in shown
    assert shown["Tags"] == [{"Key": "a", "Value": "2"}]
    version = iam.get_policy(PolicyArn=aws.output("boundary"))["Policy"]["DefaultVersionId"]
    assert version == "v2"
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=aws.output("issuer"))
    assert provider["ClientIDList"] == ["sts.amazonaws.com", "other"]
    assert provider["Tags"] == [{"Key": "a", "Value": "2"}]
    assert aws.unsettled(changed) == []

    assert aws.changes(changed.replace('name="network-apply"', 'name="other"'), "r") == {"name": True}

    iam.put_role_policy(RoleName="network-apply", PolicyName="theirs", PolicyDocument=_ANY)
    aws.program("")
    assert "DeleteConflict" in str(aws.engine.update(aws.run).problems)
    iam.delete_role_policy(RoleName="network-apply", PolicyName="theirs")
    aws.destroy()
    assert iam.list_roles(PathPrefix="/prodfirst/")["Roles"] == []
    assert iam.list_policies(Scope="Local", PathPrefix="/prodfirst/")["Policies"] == []


_ANY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
)
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                       "Action": "sts:AssumeRole"}],
    }
)  # fmt: skip


def test_what_is_there_is_imported_and_force_detach_takes_what_others_gave(
    aws: AwsProgram, administrator: Caller
) -> None:
    iam = administrator.client("iam")
    iam.create_role(RoleName="there", AssumeRolePolicyDocument=_TRUST)
    iam.put_role_policy(RoleName="there", PolicyName="in", PolicyDocument=_ANY)
    arn = iam.create_policy(PolicyName="there", PolicyDocument=_ANY)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="there", PolicyArn=arn)
    source = (
        HEAD
        + f'''
take = lambda id: ResourceOptions(import_=id)
anything, trust = {_ANY!r}, {_TRUST!r}
aws.iam.Role("r", name="there", assume_role_policy=trust, opts=take("there"))
aws.iam.Policy("p", name="there", policy=anything, opts=take("{arn}"))
aws.iam.RolePolicy("i", name="in", role="there", policy=anything, opts=take("there:in"))
aws.iam.RolePolicyAttachment("a", role="there", policy_arn="{arn}", opts=take("there/{arn}"))
'''
    )
    assert set(aws.steps(source).values()) == {Operation.IMPORT}
    aws.up(source)
    forced = source.replace('name="there", assume', 'name="there", force_detach_policies=True, assume')
    aws.up(forced)
    iam.put_role_policy(RoleName="there", PolicyName="theirs", PolicyDocument=_ANY)
    aws.destroy()
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="there")


def _policy(**members: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **members}]})


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (_policy(Action="a", Resource="*"), _policy(Resource=["*"], Action=["a"]), True),
        (_policy(Action=["a", "b"], Resource="*"), _policy(Action=["b", "a"], Resource="*"), True),
        (_policy(Action="a", Resource="*"), _policy(Action="b", Resource="*"), False),
        (_policy(Action="a", Resource="*"), _policy(NotAction="a", Resource="*"), False),
        (
            _policy(Action="a", Resource="*", Condition={"Bool": {"k": True}}),
            _policy(Action="a", Resource="*", Condition={"Bool": {"k": ["true"]}}),
            True,
        ),
        (
            json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "a"}}),
            json.dumps(
                {"Statement": [{"Action": ["a"], "Effect": "Allow", "Sid": ""}], "Version": "2012-10-17"}
            ),
            True,
        ),
    ],
)
def test_documents_are_compared_by_meaning(left: str, right: str, same: bool) -> None:
    assert same_policy(left, right) is same
