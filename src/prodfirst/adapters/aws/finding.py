"""Finds on AWS what a create has made whose answer never came: by its name, or by the tags that all carry.

The ids are the original's: what is found here is read, and from then on managed, by whatever provider runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.planning.interrupted import Finder, Found, Wanted
from prodfirst.providers.aws.locating import CannotTell
from prodfirst.providers.aws.resource import Call, Session
from prodfirst.providers.aws.types import TYPES
from prodfirst.resources.graph import urn_type
from prodfirst.resources.values import SECRET, UNKNOWN, Value, holds, to_json


def finder(access: AwsAccess, since: datetime | None) -> Finder:
    """A finder that asks under `access`. `since` is when the run that was cut off began, if that is known."""

    clients: dict[tuple[str, str], Any] = {}

    def find(wanted: Wanted) -> Found:
        type_ = TYPES.get(urn_type(wanted.urn))
        if type_ is None:
            return Found(undecided=f"how to find a `{urn_type(wanted.urn)}` is not known")
        inputs = _clear(wanted.inputs)
        session = _Session(_region(wanted, access), _default_tags(wanted), (), clients, access)
        try:
            return Found(type_.located(Call(session, inputs.get("region") or session.region), inputs, since))
        except CannotTell as error:
            return Found(undecided=str(error))

    return find


@dataclass
class _Session(Session):
    """A provider's session that acts under an access of ours."""

    access: AwsAccess | None = None

    def _made(self, service: str, region: str) -> Any:
        if self.access is None:
            raise ValueError("a session without access")
        return replace(self.access, region=region).client(service)


def _clear(inputs: Mapping[str, Value]) -> dict[str, Any]:
    """The inputs without what is secret: nothing can be known by it. Of tags, only the secret ones go."""
    known = {key: value for key, value in inputs.items() if key != "tags" and not _opaque(value)}
    tags = inputs.get("tags")
    if isinstance(tags, Mapping):
        known["tags"] = {key: value for key, value in tags.items() if not _opaque(value)}
    return {key: to_json(value) for key, value in known.items()}


def _opaque(value: Value) -> bool:
    return holds(value, SECRET) or holds(value, UNKNOWN)


def _region(wanted: Wanted, access: AwsAccess) -> str:
    region = wanted.provider.get("region")
    return region if isinstance(region, str) else access.region


def _default_tags(wanted: Wanted) -> dict[str, str]:
    """A provider instance's `defaultTags`, which reach the state as JSON text."""
    raw = wanted.provider.get("defaultTags")
    settings = json.loads(raw) if isinstance(raw, str) else to_json(raw)
    return dict((settings or {}).get("tags") or {})
