"""Flaws of ministack 1.5.33, which is pinned, mended where they are: in this process."""

from __future__ import annotations

import base64
import secrets
from functools import lru_cache
from typing import Any

from prodfirst.localcloud.aws.providers_mended import mend_identity_providers

_EKS_RECORDS = {
    "_clusters": "arn",
    "_nodegroups": "nodegroupArn",
    "_addons": "addonArn",
    "_access_entries": "accessEntryArn",
    "_pod_identity_associations": "associationArn",
}
"""Store of EKS → member of a record that holds its ARN."""


def apply() -> None:
    """Mend everything; before the first call, once a process."""
    _flow_log_tags()
    _saved_passwords()
    _eks_tags()
    _attached_policies()
    _factor_seeds()
    _parsed_policies()
    mend_identity_providers()


def _flow_log_tags() -> None:
    """CreateFlowLogs takes tags under `vpc-flow-log` (EC2 API reference); it looks under `flow-log`."""
    from ministack.services import ec2

    original = ec2._parse_tag_specs

    def parse(parameters: Any, kind: str, id: str) -> None:
        original(parameters, "vpc-flow-log" if kind == "flow-log" else kind, id)

    ec2._parse_tag_specs = parse


def _parsed_policies() -> None:
    """It reads every policy of the caller anew in each call; their texts are kept, read."""
    from ministack.core import iam_evaluator

    original = iam_evaluator.parse_policy_document
    kept = lru_cache(maxsize=2048)(original)

    def parsed(document: Any) -> Any:
        return kept(document) if isinstance(document, str) else original(document)

    iam_evaluator.parse_policy_document = parsed


def _factor_seeds() -> None:
    """A virtual MFA device's seed is base 32 (IAM API reference); it makes up hexadecimal digits."""
    from ministack.services import iam

    shown = iam._virtual_mfa_xml

    def made(serial: str, include_user: bool = True) -> Any:
        if not include_user:  # as CreateVirtualMFADevice alone shows it
            iam._mfa_devices[serial]["Base32StringSeed"] = base64.b32encode(secrets.token_bytes(20)).decode()
        return shown(serial, include_user)

    iam._virtual_mfa_xml = made


def _saved_passwords() -> None:
    """A master password stands in Secrets Manager alone; it would be saved with RDS too."""
    from ministack.services import rds

    original = rds.get_state

    def state() -> Any:
        kept = original()
        for part in ("clusters", "instances"):
            for _, record in kept[part].all_items():
                record.pop("_MasterUserPassword", None)
        return kept

    rds.get_state = state


def _attached_policies() -> None:
    """A policy of the account that is not there cannot be attached (IAM API reference, AttachRolePolicy).

    Of AWS's own policies it knows the common ones alone, so those are not looked for.
    """
    from ministack.services import iam

    original = iam._attach_role_policy

    def attach(parameters: Any) -> Any:
        arn = iam._p(parameters, "PolicyArn")
        if arn.startswith("arn:aws:iam::aws:") or iam._policy_exists(arn):
            return original(parameters)
        why = f"Policy {arn} does not exist or is not attachable."
        return iam._error(404, "NoSuchEntity", why, ns="iam")

    iam._IAM_HANDLERS["AttachRolePolicy"] = attach


def _eks_tags() -> None:
    """TagResource changes what DescribeX shows, and knows pod identity associations too."""
    from ministack.services import eks

    resolve, tag, untag = eks._resolve_tag_resource_arn, eks._tag_resource, eks._untag_resource

    def record(arn: str) -> dict[str, Any] | None:
        stores = ((getattr(eks, store).values(), member) for store, member in _EKS_RECORDS.items())
        return next((item for items, member in stores for item in items if item.get(member) == arn), None)

    def resolved(arn: str) -> Any:
        return (arn, None) if ":podidentityassociation/" in arn and record(arn) else resolve(arn)

    def synchronized(change: Any) -> Any:
        def changed(arn: str, given: Any) -> Any:
            answer = change(arn, given)
            found = record(arn)
            if found is not None and answer[0] == 200:
                found["tags"] = dict(eks._tags.get(arn, {}))
            return answer

        return changed

    eks._resolve_tag_resource_arn = resolved
    eks._tag_resource, eks._untag_resource = synchronized(tag), synchronized(untag)
