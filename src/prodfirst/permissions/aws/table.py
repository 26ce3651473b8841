"""Every type of AWS whose permissions the product knows. One more type is one more entry."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from prodfirst.permissions.aws import ec2, eks, iam, kms, network, notices, rds, s3, settings
from prodfirst.permissions.aws.entry import Entry

_MODULES = (network.ENTRIES, ec2.ENTRIES, eks.ENTRIES, iam.ENTRIES, kms.ENTRIES, notices.ENTRIES,
            rds.ENTRIES, s3.ENTRIES, settings.ENTRIES)  # fmt: skip
TABLE: Mapping[str, Entry] = MappingProxyType(
    {entry.type: entry for entries in _MODULES for entry in entries}
)
"""Pulumi's type token → entry."""
