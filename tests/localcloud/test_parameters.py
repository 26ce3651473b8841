"""Every protocol's requests are read back into what the client was told, and nothing else is accepted."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.serialize import create_serializer

from prodfirst.localcloud.aws import hosts, operation
from prodfirst.localcloud.aws.operation import Operation
from prodfirst.localcloud.aws.signature import Request

_TAGS = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y&z"}]
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2.eu-central-1.amazonaws.com", "CreateSubnet",
     {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24",
      "TagSpecifications": [{"ResourceType": "subnet", "Tags": _TAGS}]}),
    ("ec2.eu-central-1.amazonaws.com", "DescribeSubnets",
     {"SubnetIds": ["s-1", "s-2"], "Filters": [{"Name": "vpc-id", "Values": ["v"]}]}),
    ("ec2.eu-central-1.amazonaws.com", "ModifyVpcAttribute",
     {"VpcId": "v", "EnableDnsSupport": {"Value": "true"}}),
    ("ec2.eu-central-1.amazonaws.com", "AuthorizeSecurityGroupIngress",
     {"GroupId": "g", "IpPermissions": [{"IpProtocol": "tcp", "UserIdGroupPairs": [{"GroupId": "h"}]}]}),
    ("iam.amazonaws.com", "CreateRole",
     {"RoleName": "r", "Path": "/a/", "AssumeRolePolicyDocument": "{}", "Tags": _TAGS}),
    ("sts.eu-central-1.amazonaws.com", "AssumeRole",
     {"RoleArn": "a", "RoleSessionName": "s", "PolicyArns": [{"arn": "p"}], "Tags": _TAGS,
      "TransitiveTagKeys": ["a"]}),
    ("rds.eu-central-1.amazonaws.com", "CreateDBCluster",
     {"DBClusterIdentifier": "c", "Engine": "e", "VpcSecurityGroupIds": ["sg-1"], "Tags": _TAGS}),
    ("sns.eu-central-1.amazonaws.com", "CreateTopic", {"Name": "t", "Attributes": {"DisplayName": "d"}}),
    ("kms.eu-central-1.amazonaws.com", "GenerateDataKey",
     {"KeyId": "alias/a", "EncryptionContext": {"project": "p"}}),
    ("ssm.eu-central-1.amazonaws.com", "GetParameters", {"Names": ["/a"], "WithDecryption": True}),
    ("eks.eu-central-1.amazonaws.com", "CreateNodegroup",
     {"clusterName": "c", "nodegroupName": "n", "subnets": ["s"], "nodeRole": "r", "tags": {"a": "1"}}),
    ("eks.eu-central-1.amazonaws.com", "ListTagsForResource",
     {"resourceArn": "arn:aws:eks:eu-central-1:1:cluster/c"}),
    ("s3.eu-central-1.amazonaws.com", "PutBucketTagging",
     {"Bucket": "b", "Tagging": {"TagSet": _TAGS}}),
    ("s3.eu-central-1.amazonaws.com", "DeleteObjects",
     {"Bucket": "b", "Delete": {"Objects": [{"Key": "a/b"}, {"Key": "c&d", "VersionId": "1"}]}}),
    ("s3.eu-central-1.amazonaws.com", "GetObject", {"Bucket": "b", "Key": "a b/ä%2F?", "VersionId": "7"}),
    ("s3.eu-central-1.amazonaws.com", "ListObjectsV2", {"Bucket": "b", "Prefix": "", "Delimiter": "/"}),
    ("s3.eu-central-1.amazonaws.com", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "c/d"}),
    ("123456789012.s3-control.eu-central-1.amazonaws.com", "TagResource",
     {"AccountId": "123456789012", "ResourceArn": "arn:aws:s3:::b", "Tags": _TAGS}),
]  # fmt: skip


def _request(host: str, name: str, given: dict[str, Any]) -> Request:
    """The request as AWS's own client library writes it."""
    parsed = hosts.parse(host)
    assert parsed is not None
    model = operation.model(parsed.model)
    made = create_serializer(model.metadata["protocol"], include_validation=False).serialize_to_request(
        given, model.operation_model(name)
    )
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    query = f"?{urlencode(made['query_string'], doseq=True)}" if made["query_string"] else ""
    headers = {key.lower(): str(value) for key, value in made["headers"].items()}
    headers.setdefault("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    path = made["url_path"] + (("&" if "?" in made["url_path"] else "?") + query[1:] if query else "")
    content = body.encode() if isinstance(body, str) else body or b""
    return Request(made["method"], f"https://{host}{path}", headers, content)


def _read(host: str, request: Request) -> Operation:
    parsed = hosts.parse(host)
    assert parsed is not None
    return operation.identify(request, parsed)


@pytest.mark.parametrize(("host", "name", "given"), CALLS, ids=[call[1] for call in CALLS])
def test_what_a_client_sends_is_read_back(host: str, name: str, given: dict[str, Any]) -> None:
    found = _read(host, _request(host, name, given))

    assert (found.name, found.unreadable) == (name, "")
    assert {key: value for key, value in found.input.items() if key in given} == given


_EC2 = "ec2.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"TagSpecifications.1.ResourceType": "subnet"}, "does not know `TagSpecifications`"),
        ({"TagSpecification.1.Tags.1.Key": "a"}, "does not know `Tags`"),
        ({"subnetId": "subnet-1"}, "does not know `subnetId`"),
        ({"TagSpecification.x.ResourceType": "subnet"}, "the items of `TagSpecification` are numbered"),
        ({"VpcId.1": "vpc-2"}, "`VpcId.1` lies within another that is a value"),
    ],
)
def test_a_spelling_that_the_model_does_not_know_is_refused(more: dict[str, str], why: str) -> None:
    """The API might read what nobody decided about."""
    form = {"Action": "CreateSubnet", "Version": "2016-11-15", "VpcId": "vpc-1", **more}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    found = _read(_EC2, Request("POST", f"https://{_EC2}/", headers, urlencode(form).encode()))
    assert why in found.unreadable


def test_a_parameter_given_twice_is_refused() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = b"Action=DeleteSubnet&SubnetId=subnet-1&SubnetId=subnet-2"
    assert (
        "`SubnetId` is given twice"
        in _read(_EC2, Request("POST", f"https://{_EC2}/", headers, body)).unreadable
    )
    split = Request(
        "POST", f"https://{_EC2}/?SubnetId=subnet-1", headers, b"Action=DeleteSubnet&SubnetId=subnet-2"
    )
    assert "`SubnetId` is given twice" in _read(_EC2, split).unreadable


def test_a_json_body_with_an_unknown_member_is_refused() -> None:
    host = "kms.eu-central-1.amazonaws.com"
    headers = {"x-amz-target": "TrentService.Decrypt"}
    body = json.dumps({"CiphertextBlob": "QUE=", "keyId": "k"}).encode()
    assert (
        "does not know `keyId`" in _read(host, Request("POST", f"https://{host}/", headers, body)).unreadable
    )


def test_two_subresources_in_one_request_are_refused() -> None:
    host = "s3.eu-central-1.amazonaws.com"
    found = _read(host, Request("GET", f"https://{host}/bucket?acl&policy", {}, b""))
    assert "belong to other operations" in found.unreadable


def test_an_encoded_slash_is_a_slash_for_s3() -> None:
    host = "s3.eu-central-1.amazonaws.com"
    found = _read(host, Request("GET", f"https://{host}/bucket%2Fkey", {}, b""))
    assert (found.name, found.input["Bucket"], found.input["Key"]) == ("GetObject", "bucket", "key")


def test_xml_with_entities_is_refused() -> None:
    host = "s3.eu-central-1.amazonaws.com"
    body = b'<!DOCTYPE x [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>'
    found = _read(host, Request("POST", f"https://{host}/bucket?delete", {}, body))
    assert "entities" in found.unreadable
