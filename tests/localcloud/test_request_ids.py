"""An answer of any protocol, good or bad, carries the id of its call in the audit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from held_policies import Made, allow
from local_callers import Caller

from prodfirst.localcloud.lifecycle import LocalCloud

_CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("ec2", "describe_vpcs", {}),
    ("iam", "list_roles", {}),
    ("s3", "list_buckets", {}),
    ("ssm", "describe_parameters", {}),
    ("eks", "list_clusters", {}),
)


@pytest.mark.parametrize(("service", "operation", "given"), _CALLS, ids=[item[0] for item in _CALLS])
def test_the_request_id_is_the_audits(
    cloud: LocalCloud,
    administrator: Caller,
    holding: Made,
    service: str,
    operation: str,
    given: dict[str, Any],
) -> None:
    allowed = getattr(administrator.client(service), operation)(**given)["ResponseMetadata"]["RequestId"]
    with pytest.raises(ClientError) as refused:
        getattr(holding(allow("sns:ListTopics")).client(service), operation)(**given)
    denied = refused.value.response["ResponseMetadata"]["RequestId"]
    audit = {entry["id"]: entry for entry in map(json.loads, cloud.audit.read_text().splitlines())}
    assert audit[allowed]["decision"] == "allow"
    assert audit[denied]["decision"] == "deny"


def test_an_error_of_the_api_is_found_by_its_id_too(cloud: LocalCloud, administrator: Caller) -> None:
    with pytest.raises(ClientError) as failed:
        administrator.client("iam").get_role(RoleName="nobody")
    id = failed.value.response["ResponseMetadata"]["RequestId"]
    assert f'"id": "{id}"' in cloud.audit.read_text()
