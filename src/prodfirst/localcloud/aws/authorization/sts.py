"""STS: taking on a role, and what goes into the session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prodfirst.localcloud.aws.authorization.calls import Call, Use, pairs, tag_keys

OPEN = frozenset({"GetCallerIdentity", "GetSessionToken"})
"""No policy can deny the first, and none need allow the second (STS API reference)."""
ASSUMES = frozenset({"AssumeRole", "AssumeRoleWithWebIdentity"})


def of(call: Call) -> Iterator[Use]:
    """The uses of a call; a session's tags and source identity are actions of their own."""
    if call.operation not in ASSUMES:
        yield Use(f"sts:{call.operation}", "*")
        return
    role, keys = call.text("RoleArn"), _keys(call)
    yield Use(f"sts:{call.operation}", role, keys)
    if call.input.get("Tags"):
        yield Use("sts:TagSession", role, keys)
    if call.input.get("SourceIdentity"):
        yield Use("sts:SetSourceIdentity", role, keys)


def _keys(call: Call) -> Mapping[str, str | tuple[str, ...]]:
    keys: dict[str, str | tuple[str, ...]] = dict(tag_keys(pairs(call.input.get("Tags"))))
    for parameter in ("ExternalId", "RoleSessionName", "SourceIdentity"):
        if value := call.text(parameter):
            keys[f"sts:{parameter}"] = value
    if transitive := call.input.get("TransitiveTagKeys"):
        keys["sts:TransitiveTagKeys"] = tuple(transitive)
    return keys
