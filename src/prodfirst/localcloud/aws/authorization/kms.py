"""KMS: keys and aliases, and what conditions say of how a key was named.

Source: KMS Developer Guide, "Condition keys for AWS KMS", "Controlling access to aliases".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping

from prodfirst.localcloud.aws.authorization.calls import Call, Use, pairs, tag_keys
from prodfirst.localcloud.aws.authorization.targets import arn, uses

_ID_LENGTH = 36
"""Bytes of the key's id, with which the local API's ciphertexts begin."""
_REFERENCES = ("KeyId", "TargetKeyId", "SourceKeyId", "DestinationKeyId")


def of(call: Call) -> Iterator[Use]:
    """The uses of a call; `ReEncrypt` is two, on two keys."""
    if call.operation == "ReEncrypt":
        yield from uses(
            call, {"key": _ciphertext_key(call, "SourceKeyId")}, action="ReEncryptFrom", keys=_keys(call)
        )
        yield from uses(
            call, {"key": _named(call, "DestinationKeyId")}, action="ReEncryptTo", keys=_keys(call)
        )
        return
    keys = [key for reference in _REFERENCES for key in _named(call, reference)]
    if call.operation == "Decrypt" and not keys:
        keys = _ciphertext_key(call, "KeyId")
    aliases = []
    if alias := call.text("AliasName"):
        aliases = [arn(call, "alias", alias.removeprefix("alias/"))]
        if call.operation != "CreateAlias" and (held := call.state.key(call.region, alias)):
            # the key that it points at now, and the one that it shall point at
            keys.append(held.arn)
    bound = {"key": keys, "alias": aliases}
    removed = call.texts("TagKeys")
    tags = {"aws:TagKeys": tuple(removed)} if removed else tag_keys(pairs(call.input.get("Tags")))
    yield from uses(call, bound, tags=tags, keys={**_keys(call), **_contexts(call)})


def described(call: Call, resource: str) -> Mapping[str, str | tuple[str, ...]]:
    """The keys that say what a key is."""
    found = call.state.key(call.region, resource) if ":key/" in resource else None
    aliases = found.aliases if found else ()
    return {"kms:ResourceAliases": aliases, "kms:CallerAccount": call.account} if aliases else {
        "kms:CallerAccount": call.account
    }  # fmt: skip


def _named(call: Call, parameter: str) -> list[str]:
    reference = call.text(parameter)
    if not reference:
        return []
    found = call.state.key(call.region, reference)
    return [found.arn if found else arn(call, "key", reference.rpartition("/")[2])]


def _ciphertext_key(call: Call, parameter: str) -> list[str]:
    if call.text(parameter):
        return _named(call, parameter)
    blob = call.input.get("CiphertextBlob", b"")
    try:
        content = blob if isinstance(blob, bytes) else base64.b64decode(blob)
    except (binascii.Error, ValueError):
        return []
    id = content[:_ID_LENGTH].decode("ascii", "replace")
    found = call.state.key(call.region, id)
    return [found.arn] if found else []


def _keys(call: Call) -> dict[str, str]:
    keys = {}
    reference = call.text("KeyId")
    if "alias/" in reference:
        keys["kms:RequestAlias"] = reference[reference.index("alias/") :]
    for parameter in ("KeySpec", "KeyUsage"):
        if value := call.text(parameter):
            keys[f"kms:{parameter}"] = value
    if call.operation == "CreateKey":
        keys["kms:KeyOrigin"] = call.text("Origin") or "AWS_KMS"
    if call.operation == "CreateGrant":
        keys["kms:GranteePrincipal"] = call.text("GranteePrincipal")
        keys["kms:GrantIsForAWSResource"] = "false"
    if days := call.input.get("PendingWindowInDays"):
        keys["kms:ScheduleKeyDeletionPendingWindowInDays"] = str(days)
    return keys


def _contexts(call: Call) -> Mapping[str, str | tuple[str, ...]]:
    given = call.input.get("EncryptionContext") or {}
    keys: dict[str, str | tuple[str, ...]] = {
        f"kms:EncryptionContext:{key}": str(value) for key, value in given.items()
    }
    if given:
        keys["kms:EncryptionContextKeys"] = tuple(given)
    if call.operation == "CreateGrant":
        keys["kms:GrantOperations"] = tuple(call.input.get("Operations") or ())
    return keys
