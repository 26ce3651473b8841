"""KMS: key ids are generated, so keys are scoped by tags; aliases by name, and by the key they point at."""

from __future__ import annotations

from prodfirst.permissions.aws.entry import REFERENCE, Entry, Prerequisite, calls, given, needs, rule
from prodfirst.permissions.aws.scope import (
    Scope,
    Target,
    anywhere,
    arn,
    claimed,
    of,
    own,
    retagged,
    tags_of,
)
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.grants import Slot, conditions


def key_of(prop: str) -> Scope:
    """The key that an input names: an own or a read stack's by its tags, a known one by its ARN."""

    def scope(subject: Subject) -> list[Target]:
        value = subject.value(prop)
        if isinstance(value, str) and value.startswith("arn:aws:kms:"):
            return [Target(value)]
        tags = conditions({"StringEquals": tags_of(subject.owner_of(prop), subject.environment)})
        return [Target(f"arn:aws:kms:{subject.region}:{subject.account}:key/*", tags)]

    return scope


def under_key(prop: str, service: str) -> tuple[Prerequisite, ...]:
    """What an input with a customer's key needs: the service uses the key, and gets a grant on it."""
    via = {"kms:ViaService": f"{service}.${{region}}.amazonaws.com"}
    return (
        needs(
            "kms:DescribeKey",
            key_of(prop),
            slots=(Slot.CREATE, Slot.UPDATE),
            why=f"{REFERENCE}: encryption under `{prop}`",
            when=given(prop),
        ),
        needs(
            "kms:CreateGrant",
            of(_filled(key_of(prop), via), Bool={"kms:GrantIsForAWSResource": "true"}),
            slots=(Slot.CREATE, Slot.UPDATE),
            why=f"{REFERENCE}: the service gets a grant on the key of `{prop}`",
            when=given(prop),
        ),
        needs(
            "kms:Decrypt kms:GenerateDataKey",
            _filled(key_of(prop), via),
            slots=(Slot.CREATE, Slot.UPDATE),
            why=f"{REFERENCE}: the service encrypts under the key of `{prop}`",
            when=given(prop),
        ),
    )


def _filled(scope: Scope, keys: dict[str, str]) -> Scope:
    """Conditions whose values name the region."""

    def filled(subject: Subject) -> list[Target]:
        equals = {key: value.replace("${region}", subject.region) for key, value in keys.items()}
        return list(of(scope, StringEquals=equals)(subject))

    return filled


_KEY = own("kms", "key/*")

KEY = Entry(
    "aws:kms/key:Key",
    "aws_kms_key",
    "kms",
    calls(
        create="CreateKey DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation GetKeyPolicy"
        " GetKeyRotationStatus ListResourceTags",
        read="DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
        update="DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation GetKeyPolicy"
        " GetKeyRotationStatus ListResourceTags PutKeyPolicy UpdateKeyDescription",
        delete="DescribeKey ScheduleKeyDeletion",
        tags="ListResourceTags",
        retags="ListResourceTags TagResource UntagResource",
    ),
    (
        rule(
            "CreateKey",
            lambda subject: [
                Target(
                    "*",
                    conditions(
                        {
                            "StringEquals": {
                                **tags_of(subject.own, subject.environment, "aws:RequestTag"),
                                "aws:RequestedRegion": subject.region,
                            }
                        }
                    ),
                    "a key that is being made has no ARN; only with this stack's tags",
                )
            ],
        ),
        rule("DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags", _KEY),
        rule("DisableKey DisableKeyRotation EnableKey EnableKeyRotation", _KEY),
        rule("PutKeyPolicy UpdateKeyDescription ScheduleKeyDeletion", _KEY),
        rule("TagResource UntagResource", retagged("kms", "key/*")),
    ),
    (
        needs(
            "kms:TagResource",
            claimed("kms", "key/*"),
            slots=(Slot.CREATE,),
            why=f"{REFERENCE}: `CreateKey` with tags needs `kms:TagResource`",
        ),
        needs(
            "kms:PutKeyPolicy",
            _KEY,
            slots=(Slot.CREATE,),
            why=f"{REFERENCE}: `CreateKey` with a policy needs `kms:PutKeyPolicy`",
            when=given("policy"),
        ),
    ),
)


def _alias(subject: Subject) -> str:
    name = subject.name()
    return name if name.startswith("alias/") else f"alias/{name}"


ALIAS = Entry(
    "aws:kms/alias:Alias",
    "aws_kms_alias",
    "kms",
    calls(
        create="CreateAlias ListAliases",
        read="ListAliases",
        update="ListAliases UpdateAlias",
        delete="DeleteAlias",
    ),
    (
        rule("CreateAlias UpdateAlias DeleteAlias", arn("kms", _alias), key_of("targetKeyId")),
        rule("ListAliases", anywhere()),
    ),
)

ENTRIES = (KEY, ALIAS)
