"""Flaws of the local API that are mended: what AWS refuses is refused."""

from __future__ import annotations

import json

import pytest
from local_callers import Caller


def test_a_policy_that_is_not_there_cannot_be_attached(administrator: Caller) -> None:
    iam = administrator.client("iam")
    trust = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="unattached",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
    )
    arn = iam.get_role(RoleName="unattached")["Role"]["Arn"].replace(":role/", ":policy/")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.attach_role_policy(RoleName="unattached", PolicyArn=arn)
    assert iam.list_attached_role_policies(RoleName="unattached")["AttachedPolicies"] == []
    iam.attach_role_policy(RoleName="unattached", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
