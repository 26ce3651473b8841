"""Where the local API's own decision may differ from ours, each with AWS's documented rule.

Every disagreement is written to the audit. One that none of these rules covers fails the tests: then one of
the two is wrong, and it has to be found out which. A rule covers a disagreement only where it is the cause:
where a statement that speaks of the action looks at one of the rule's keys, or where the API asked for
another resource than AWS does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from prodfirst.access.aws.documents import Document
from prodfirst.access.aws.matching import covers_action
from prodfirst.access.aws.policies import Policies


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of AWS that the local API does not keep; all cases known are calls that it denies."""

    id: str
    actions: str
    """A regular expression over `service:Action`."""
    says: str
    """The rule in words, with the document that has it."""
    keys: tuple[str, ...] = ()
    """Patterns of condition keys, in lower case, that the API does not know; empty for `elsewhere`."""
    elsewhere: bool = False
    """Whether it is about an action on another resource than the one that AWS asks for."""


RULES: tuple[Rule, ...] = (
    Rule(
        "resource-tags",
        r"(ec2|eks|events|iam|logs|rds|s3|secretsmanager|sns|ssm):\w+",
        "`aws:ResourceTag` and a service's own form of it hold the tags of every resource type for which the "
        "Service Authorization Reference lists them",
        keys=("aws:resourcetag/*", "*:resourcetag/*"),
    ),
    Rule(
        "request-tags",
        r"(ec2|eks|events|iam|kms|logs|rds|secretsmanager|sns|ssm):\w+",
        "`aws:RequestTag` and `aws:TagKeys` hold the tags of a request that creates or tags (IAM User Guide, "
        "global condition keys; EC2 User Guide, grant permission to tag during creation)",
        keys=("aws:requesttag/*", "aws:tagkeys"),
    ),
    Rule(
        "create-action",
        r"ec2:\w+",
        "tags given on creation are `ec2:CreateTags` with `ec2:CreateAction` (EC2 User Guide, grant "
        "permission to tag during creation)",
        keys=("ec2:createaction",),
    ),
    Rule(
        "identity-keys",
        r"iam:\w+",
        "`iam:PermissionsBoundary`, `iam:PolicyARN`, `iam:PassedToService` and `iam:AWSServiceName` are "
        "there for the actions that the Service Authorization Reference lists them for",
        keys=("iam:permissionsboundary", "iam:policyarn", "iam:passedtoservice", "iam:awsservicename"),
    ),
    Rule(
        "principal-of-a-session",
        r"\w+:\w+",
        "`aws:PrincipalArn` of a role session is the ARN of its role (IAM User Guide, global condition keys)",
        keys=("aws:principalarn",),
    ),
    Rule(
        "second-factor",
        r"sts:AssumeRole",
        "`aws:MultiFactorAuthPresent` and `aws:MultiFactorAuthAge` hold what a code proves that comes with "
        "the call (IAM User Guide, secure API access with MFA)",
        keys=("aws:multifactorauthpresent", "aws:multifactorauthage"),
    ),
    Rule(
        "key-keys",
        r"kms:\w+",
        "`kms:RequestAlias`, `kms:ResourceAliases`, `kms:ViaService`, `kms:CallerAccount` and "
        "`kms:EncryptionContext` describe how a key is used (KMS Developer Guide, condition keys)",
        keys=("kms:*",),
    ),
    Rule(
        "resource-level",
        r"(ec2|eks|events|iam|kms|logs|rds|secretsmanager|sns|ssm):\w+",
        "an action is asked for on the resource types that the Service Authorization Reference lists for it",
        elsewhere=True,
    ),
)


def cited(action: str, resource: str, policies: Iterable[Policies], resources: frozenset[str]) -> str:
    """The id of the rule that explains why the API denies an action that AWS allows; empty where none does.

    `policies` are those that counted, `resources` the ones that AWS asks for.
    """
    keys = {key for item in policies for key in _keys(item, action)}
    for rule in RULES:
        if not re.fullmatch(rule.actions, action):
            continue
        if any(fnmatchcase(key, pattern) for key in keys for pattern in rule.keys):
            return rule.id
        if rule.elsewhere and resource not in resources:
            return rule.id
    return ""


def _keys(policies: Policies, action: str) -> Iterator[str]:
    """The condition keys of the statements that speak of an action."""
    for document in _documents(policies):
        for statement in document.statements:
            if covers_action(statement.actions, action):
                yield from (condition.key for condition in statement.conditions)


def _documents(policies: Policies) -> Iterator[Document]:
    yield from policies.identity
    yield from policies.session or ()
    if policies.boundary is not None:
        yield policies.boundary
    if policies.resource is not None:
        yield policies.resource.document
