"""One published field as it lies in the cloud: one object per field, so that a reader is granted just those.

Text of an object: canonical JSON `{"type": SHAPE, "value": VALUE}`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from prodfirst.contracts.shapes import Shape, misfits, shape_from_json, shape_to_json

CONTRACT_TYPE = "prodfirst:contracts:Contract"
"""Type token of the component that holds a stack's published fields."""
TEXT_LIMIT = 4096
"""Bytes; what an SSM parameter of the standard tier holds (AWS, Systems Manager quotas)."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A field's type and value; `value` is JSON data."""

    shape: Shape
    value: Any


def encode(publication: Publication) -> str:
    """The text of the object. Raises ValueError with everything that is wrong."""
    if problems := list(misfits(publication.shape, publication.value)):
        raise ValueError("; ".join(problems))
    data = {"type": shape_to_json(publication.shape), "value": publication.value}
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if len(text.encode()) > TEXT_LIMIT:
        raise ValueError(f"it takes {len(text.encode())} bytes, and a field may take {TEXT_LIMIT}")
    return text


def decode(text: str) -> Publication:
    """The field in an object's text. Raises ValueError where it is none."""
    data = json.loads(text)
    if not isinstance(data, dict) or set(data) != {"type", "value"}:
        raise ValueError("it has not just `type` and `value`")
    publication = Publication(shape_from_json(data["type"]), data["value"])
    if problems := list(misfits(publication.shape, publication.value)):
        raise ValueError("; ".join(problems))
    return publication


def version(text: str) -> str:
    """The version of a field: SHA-256 over its text, so that equal content is one version."""
    return hashlib.sha256(text.encode()).hexdigest()


def parameter_name(estate: str, environment: str, stack: str, field: str) -> str:
    """Name of the SSM parameter that holds a field on AWS."""
    return f"/prodfirst/{estate}/{environment}/{stack}/{field}"
