"""The context of a request: what conditions can look at.

Source: IAM User Guide, "AWS global condition context keys"; services' keys from the Service Authorization
Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from prodfirst.access.aws.requests import Context, context
from prodfirst.localcloud.aws.authorization import kms
from prodfirst.localcloud.aws.authorization.calls import Call, Keys, Use

_OWN_TAG_KEYS = frozenset({"ec2", "eks", "iam", "rds", "secretsmanager", "ssm"})
"""Services with a `SERVICE:ResourceTag` of their own beside the global key."""
SOURCE_IP = "127.0.0.1"
"""The gateway listens on loopback alone."""


def of(call: Call, use: Use, caller: Keys, agent: str) -> Context:
    """The whole context of one use; `caller` are the keys that describe who asks."""
    now = datetime.now(UTC)
    keys: dict[str, str | tuple[str, ...]] = {
        "aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:PrincipalAccount": call.account,
        "aws:PrincipalIsAWSService": "false",
        "aws:RequestedRegion": call.region,
        "aws:ResourceAccount": call.account,
        "aws:SecureTransport": "true",
        "aws:UserAgent": agent,
        "aws:ViaAWSService": "true" if use.forwarded else "false",
        **caller,
        **_service(call, use),
        **_resource_tags(call, use.resource),
        **use.keys,
    }
    if not use.forwarded:
        keys["aws:SourceIp"] = SOURCE_IP
    return context(keys)


def _service(call: Call, use: Use) -> Keys:
    if use.action.startswith("kms:"):
        return kms.described(call, use.resource)
    match call.service:
        case "ec2":
            return {"ec2:Region": call.region}
        case "s3":
            return {"s3:ResourceAccount": call.account, "s3:signatureversion": "AWS4-HMAC-SHA256"}
        case "sns":
            # AWS's default topic policy speaks of it
            return {"aws:SourceOwner": call.account}
        case _:
            return {}


def _resource_tags(call: Call, arn: str) -> Mapping[str, str]:
    parts = arn.split(":", 3)
    if len(parts) < 4:
        return {}
    tags = call.state.tags(arn)
    if parts[2] == "s3":
        # of objects; a bucket's tags count only where ABAC is turned on for it, which the local API cannot
        return {f"s3:ExistingObjectTag/{key}": value for key, value in tags.items()}
    keys = {}
    for key, value in tags.items():
        keys[f"aws:ResourceTag/{key}"] = value
        if parts[2] in _OWN_TAG_KEYS:
            keys[f"{parts[2]}:ResourceTag/{key}"] = value
    return keys
