"""Decisions by real calls to other services: each rule with a call that passes and one that is refused."""

from __future__ import annotations

import json

import pytest
from held_policies import Made, allow, deny, document, equals, refused, tagged, unique
from local_callers import ACCOUNT, REGION, Caller, trusting

_IAM = f"arn:aws:iam::{ACCOUNT}"


@pytest.fixture(scope="module")
def bucket(administrator: Caller) -> str:
    """A bucket with objects of two teams."""
    s3, name = administrator.client("s3"), unique("decided")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("a/1", "b/1"):
        s3.put_object(Bucket=name, Key=key, Body=b"content")
    return name


def test_objects_are_decided_one_by_one(holding: Made, bucket: str) -> None:
    own = f"arn:aws:s3:::{bucket}/a/*"
    s3 = holding(
        allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], own),
        allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition={"StringLike": {"s3:prefix": "a/*"}}),
    ).client("s3")
    s3.get_object(Bucket=bucket, Key="a/1")
    s3.put_object(Bucket=bucket, Key="a/2", Body=b"x")
    s3.list_objects_v2(Bucket=bucket, Prefix="a/")
    assert refused(s3.get_object, Bucket=bucket, Key="b/1") == "AccessDenied"
    assert refused(s3.head_object, Bucket=bucket, Key="b/1") == "403"
    assert refused(s3.list_objects_v2, Bucket=bucket) == "AccessDenied"
    assert refused(s3.list_objects_v2, Bucket=bucket, Prefix="b/") == "AccessDenied"
    copy = {"Bucket": bucket, "Key": "a/3", "CopySource": f"{bucket}/b/1"}
    assert refused(s3.copy_object, **copy) == "AccessDenied"
    both = {"Objects": [{"Key": "a/2"}, {"Key": "b/1"}]}
    assert refused(s3.delete_objects, Bucket=bucket, Delete=both) == "AccessDenied"
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a/2"}]})


def test_a_bucket_policy_denies_and_allows(administrator: Caller, holding: Made, bucket: str) -> None:
    caller, other = holding(allow("ec2:DescribeVpcs")), holding(allow("s3:*"))
    arn = caller.client("sts").get_caller_identity()["Arn"]
    role = f"{_IAM}:role/{arn.split('/')[1]}"
    objects = f"arn:aws:s3:::{bucket}/a/*"
    policy = document(
        allow("s3:GetObject", objects, Principal={"AWS": role}),
        deny("s3:GetObject", objects, Principal="*", Condition={"ArnNotEquals": {"aws:PrincipalArn": role}}),
    )
    administrator.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    try:
        caller.client("s3").get_object(Bucket=bucket, Key="a/1")
        assert refused(caller.client("s3").get_object, Bucket=bucket, Key="b/1") == "AccessDenied"
        assert refused(other.client("s3").get_object, Bucket=bucket, Key="a/1") == "AccessDenied"
    finally:
        administrator.client("s3").delete_bucket_policy(Bucket=bucket)


def test_parameters_by_path_and_their_key(administrator: Caller, holding: Made) -> None:
    key = administrator.client("kms").create_key()["KeyMetadata"]
    ssm = administrator.client("ssm")
    ssm.put_parameter(Name="/team-a/url", Value="x", Type="String")
    ssm.put_parameter(Name="/team-a/secret", Value="x", Type="SecureString", KeyId=key["KeyId"])
    ssm.put_parameter(Name="/team-b/url", Value="x", Type="String")
    path = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/team-a/*"
    reads = allow(["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"], path)
    own = holding(reads).client("ssm")
    own.get_parameter(Name="/team-a/url")
    assert refused(own.get_parameter, Name="/team-b/url") == "AccessDeniedException"
    assert refused(own.get_parameters, Names=["/team-a/url", "/team-b/url"]) == "AccessDeniedException"
    secret = {"Name": "/team-a/secret", "WithDecryption": True}
    assert refused(own.get_parameter, **secret) == "AccessDeniedException"
    via = equals(kms__ViaService=f"ssm.{REGION}.amazonaws.com")
    decrypting = holding(reads, allow("kms:Decrypt", key["Arn"], **via))
    assert decrypting.client("ssm").get_parameter(**secret)["Parameter"]["Value"] == "x"
    made = administrator.client("kms").encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert refused(decrypting.client("kms").decrypt, CiphertextBlob=made) == "AccessDeniedException"


def test_a_key_needs_its_key_policy_and_is_known_by_its_aliases(administrator: Caller, holding: Made) -> None:
    kms = administrator.client("kms")
    own, foreign = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    alias = f"alias/{unique('own')}"
    kms.create_alias(AliasName=alias, TargetKeyId=own)
    caller = holding(
        allow("kms:*", Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}})
    ).client("kms")
    for name in (own, alias):
        caller.encrypt(KeyId=name, Plaintext=b"x")
    assert refused(caller.encrypt, KeyId=foreign, Plaintext=b"x") == "AccessDeniedException"
    sealed = document(allow("kms:*", Principal={"AWS": f"{_IAM}:user/nobody-else"}))
    closed = kms.create_key(Policy=sealed)["KeyMetadata"]["KeyId"]
    assert refused(kms.encrypt, KeyId=closed, Plaintext=b"x") == "AccessDeniedException"


def test_a_secret_by_its_tags(administrator: Caller, holding: Made) -> None:
    secrets = administrator.client("secretsmanager")
    own, foreign = (
        secrets.create_secret(Name=unique(team), SecretString="x", Tags=[{"Key": "team", "Value": team}])[
            "ARN"
        ]
        for team in ("a", "b")
    )
    caller = holding(allow("secretsmanager:GetSecretValue", **tagged("aws:ResourceTag/team", "a"))).client(
        "secretsmanager"
    )
    assert caller.get_secret_value(SecretId=own)["SecretString"] == "x"
    assert refused(caller.get_secret_value, SecretId=foreign) == "AccessDeniedException"


def test_databases_by_tags_of_request_and_resource(holding: Made) -> None:
    rds = holding(
        allow("rds:CreateDBParameterGroup", **tagged("aws:RequestTag/team", "a")),
        allow(["rds:AddTagsToResource", "rds:DeleteDBParameterGroup"], **tagged("aws:ResourceTag/team", "a")),
    ).client("rds")
    name = unique("group")
    made = {"DBParameterGroupName": name, "DBParameterGroupFamily": "aurora-postgresql16", "Description": "d"}
    assert refused(rds.create_db_parameter_group, **made) == "AccessDenied"
    rds.create_db_parameter_group(**made, Tags=[{"Key": "team", "Value": "a"}])
    rds.delete_db_parameter_group(DBParameterGroupName=name)
    assert refused(rds.delete_db_parameter_group, DBParameterGroupName="other") == "AccessDenied"


def test_roles_are_made_only_with_the_boundary(administrator: Caller, holding: Made) -> None:
    iam = administrator.client("iam")
    limit = iam.create_policy(PolicyName=unique("limit"), PolicyDocument=document(allow("ec2:*")))["Policy"][
        "Arn"
    ]
    caller = holding(
        allow(["iam:CreateRole", "iam:PutRolePolicy"], **equals(iam__PermissionsBoundary=limit))
    ).client("iam")
    trust, policy = json.dumps(trusting()), document(allow("s3:*"))
    made, other = unique("made"), unique("other")
    assert refused(caller.create_role, RoleName=made, AssumeRolePolicyDocument=trust) == "AccessDenied"
    caller.create_role(RoleName=made, AssumeRolePolicyDocument=trust, PermissionsBoundary=limit)
    caller.put_role_policy(RoleName=made, PolicyName="p", PolicyDocument=policy)
    iam.create_role(RoleName=other, AssumeRolePolicyDocument=trust)
    assert (
        refused(caller.put_role_policy, RoleName=other, PolicyName="p", PolicyDocument=policy)
        == "AccessDenied"
    )


def test_a_trust_policy_decides_who_takes_on_a_role(administrator: Caller, holding: Made) -> None:
    iam = administrator.client("iam")
    trust = trusting()
    trust["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "42"}}
    role = iam.create_role(RoleName=unique("trusting"), AssumeRolePolicyDocument=json.dumps(trust))["Role"][
        "Arn"
    ]
    able, unable = holding(allow("sts:AssumeRole", role)), holding(allow("ec2:*"))
    called = {"RoleArn": role, "RoleSessionName": "test"}
    able.client("sts").assume_role(**called, ExternalId="42")
    assert refused(able.client("sts").assume_role, **called) == "AccessDenied"
    assert refused(unable.client("sts").assume_role, **called, ExternalId="42") == "AccessDenied"
    tags = {"Tags": [{"Key": "team", "Value": "a"}]}
    assert refused(able.client("sts").assume_role, **called, ExternalId="42", **tags) == "AccessDenied"


def test_a_user_has_the_policies_of_its_groups(administrator: Caller) -> None:
    iam, user, group = administrator.client("iam"), unique("user"), unique("group")
    iam.create_user(UserName=user)
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=document(allow("ec2:DescribeVpcs")))
    made = iam.create_access_key(UserName=user)["AccessKey"]
    ec2 = Caller(administrator.environment, made["AccessKeyId"], made["SecretAccessKey"]).client("ec2")
    assert refused(ec2.describe_vpcs) == "UnauthorizedOperation"
    iam.add_user_to_group(GroupName=group, UserName=user)
    ec2.describe_vpcs()


def test_a_policy_that_aws_would_not_store_is_refused(administrator: Caller, holding: Made) -> None:
    iam = administrator.client("iam")
    broken = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "everything"}]})
    made = {"PolicyName": unique("broken"), "PolicyDocument": broken}
    assert refused(iam.create_policy, **made) == "MalformedPolicyDocument"
    assert refused(holding(allow("ec2:*")).client("iam").create_policy, **made) == "AccessDenied"


def test_a_role_that_was_made_anew_has_no_sessions_of_the_old_one(administrator: Caller) -> None:
    iam, name = administrator.client("iam"), unique("again")
    made = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(trusting())}
    session = administrator.assuming(iam.create_role(**made)["Role"]["Arn"])
    iam.delete_role(RoleName=name)
    iam.create_role(**made)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("*")))
    assert refused(session.client("ec2").describe_vpcs) == "InvalidClientTokenId"
