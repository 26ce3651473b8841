"""Settings and secrets by name: SSM parameters, among them all contracts, and Secrets Manager secrets."""

from __future__ import annotations

from prodfirst.permissions.aws.entry import REFERENCE, Entry, calls, given, needs, omitted, rule
from prodfirst.permissions.aws.kms import under_key
from prodfirst.permissions.aws.scope import anywhere, arn
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.grants import Slot


def _path(subject: Subject) -> str:
    name = subject.name()
    return f"parameter{name}" if name.startswith("/") else f"parameter/{name}"


_PARAMETER = arn("ssm", _path)
PARAMETER = Entry(
    "aws:ssm/parameter:Parameter",
    "aws_ssm_parameter",
    "ssm",
    calls(
        create="AddTagsToResource DescribeParameters GetParameter PutParameter RemoveTagsFromResource",
        read="DescribeParameters GetParameter",
        update="DescribeParameters GetParameter PutParameter",
        delete="DeleteParameter",
        tags="DescribeActivations ListTagsForResource",
        retags="AddTagsToResource RemoveTagsFromResource",
    ),
    (
        rule("DescribeParameters", anywhere("parameters are described by filters, not by ARN")),
        rule("GetParameter ListTagsForResource", _PARAMETER),
        rule("PutParameter DeleteParameter", _PARAMETER),
        rule("AddTagsToResource RemoveTagsFromResource", _PARAMETER),
    ),
    under_key("keyId", "ssm"),
    omitted({"DescribeActivations": "tags of activations of managed nodes, which share a function"}),
)


def _secret_path(subject: Subject) -> str:
    """Secrets Manager adds six characters; an unnamed one gets the engine's suffix before them."""
    return f"secret:{subject.name()}-??????"


_SECRET = arn("secretsmanager", _secret_path)
SECRET = Entry(
    "aws:secretsmanager/secret:Secret",
    "aws_secretsmanager_secret",
    "secretsmanager",
    calls(
        create="CreateSecret DescribeSecret GetResourcePolicy PutResourcePolicy",
        read="DescribeSecret GetResourcePolicy",
        update="DeleteResourcePolicy DescribeSecret GetResourcePolicy PutResourcePolicy"
        " RemoveRegionsFromReplication ReplicateSecretToRegions UpdateSecret",
        delete="DeleteSecret DescribeSecret RemoveRegionsFromReplication",
        tags="DescribeSecret",
        retags="TagResource UntagResource",
    ),
    (
        rule("DescribeSecret GetResourcePolicy", _SECRET),
        rule("CreateSecret UpdateSecret DeleteSecret TagResource UntagResource", _SECRET),
        rule("PutResourcePolicy DeleteResourcePolicy", _SECRET, when=given("policy")),
        rule("ReplicateSecretToRegions RemoveRegionsFromReplication", _SECRET, when=given("replicas")),
    ),
    (
        needs(
            "secretsmanager:TagResource",
            _SECRET,
            slots=(Slot.CREATE,),
            why=f"{REFERENCE}: `CreateSecret` with tags needs `secretsmanager:TagResource`",
        ),
        *under_key("kmsKeyId", "secretsmanager"),
    ),
)


def _secret_of_input(subject: Subject) -> str:
    """An ARN holds the six characters already."""
    value = subject.value("secretId")
    if isinstance(value, str) and value.startswith("arn:"):
        return f"secret:{subject.named('secretId')}"
    return f"secret:{subject.named('secretId')}-??????"


_SECRET_OF_INPUT = arn("secretsmanager", _secret_of_input)
SECRET_VERSION = Entry(
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws_secretsmanager_secret_version",
    "secretsmanager",
    calls(
        create="GetSecretValue ListSecretVersionIds PutSecretValue",
        read="GetSecretValue ListSecretVersionIds",
        update="GetSecretValue ListSecretVersionIds UpdateSecretVersionStage",
        delete="GetSecretValue ListSecretVersionIds UpdateSecretVersionStage",
    ),
    (
        # reading is reading the value: who declares one lets the plan identity read it
        rule("GetSecretValue ListSecretVersionIds", _SECRET_OF_INPUT),
        rule("PutSecretValue UpdateSecretVersionStage", _SECRET_OF_INPUT),
    ),
)

ENTRIES = (PARAMETER, SECRET, SECRET_VERSION)
