"""Writes a `prodfirst.yaml`: from a template of a whole estate, or around projects that are there already."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

_LONGEST_NAME = 20
"""It becomes part of the names of roles (64 characters) and buckets (63)."""
_ZONES = 2
_WORD = re.compile(r"[a-z][a-z0-9]*(?:[/.:_-]+[A-Za-z0-9]+)*")
_KEYWORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that some version of YAML takes for something else."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an estate's file says of where it lives."""

    name: str
    repository: str
    account: str
    """12 digits, of the local environment."""
    region: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One stack, as it is written."""

    name: str
    layer: str
    program: str
    """Its folder, relative to the file."""


def name_from(text: str) -> str:
    """A name as the file wants it: lower case letters, digits and dashes, at most 20 characters."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").lstrip("0123456789-")
    return name[:_LONGEST_NAME].strip("-") or "estate"


def from_template(text: str, facts: Facts) -> str:
    """The template's file with this estate's facts in place of its own; comments stay."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 4096
    data = yaml.load(text)
    data["name"], data["repository"] = facts.name, facts.repository
    for name, entry in data["environments"].items():
        _settle(entry, name, facts)
    written = io.StringIO()
    yaml.dump(data, written)
    return written.getvalue()


def around(entries: Iterable[Entry], facts: Facts, team: str) -> str:
    """A file with one team that owns all of `entries`."""
    stacks = "".join(
        f"  {_plain(entry.name)}:\n"
        f"    layer: {entry.layer}\n    owner: {team}\n    program: {_plain(entry.program)}\n"
        for entry in entries
    )
    return _AROUND.format(
        name=_plain(facts.name),
        backend=_plain(f"s3://{facts.name}-local-state"),
        repository=_plain(facts.repository),
        account=facts.account,
        region=facts.region,
        zones=", ".join(_zones(facts.region, _ZONES)),
        team=team,
        stacks=stacks,
    )


def _plain(text: str) -> str:
    """A string as YAML has it: in quotes, which JSON's are too, unless it can be taken for nothing else."""
    return text if _WORD.fullmatch(text) and text not in _KEYWORDS else json.dumps(text)


def _settle(entry: Any, name: str, facts: Facts) -> None:
    entry["account"] = type(entry["account"])(facts.account)
    zones = _zones(facts.region, len(entry["zones"]))
    entry["region"] = facts.region
    for index, zone in enumerate(zones):
        entry["zones"][index] = zone
    entry["backend"] = f"s3://{facts.name}-{name}-state"


def _zones(region: str, count: int) -> list[str]:
    return [f"{region}{chr(ord('a') + index)}" for index in range(count)]


_AROUND = """\
version: 1
name: {name}
repository: {repository}

# Copies of the estate. `local` is rehearsed on this machine; an account of your own is a second entry.
environments:
  local:
    cloud: aws
    local: true
    account: "{account}"
    region: {region}
    zones: [{zones}]
    backend: {backend}

# People, by the groups of your identity provider.
teams:
  {team}:
    group: {team}

# What is managed, in parts. Layers, lowest first: identity, infrastructure, applications.
stacks:
{stacks}"""


def settings_text(settings: Mapping[str, Any]) -> str:
    """A committed stack file with plain settings."""
    written = io.StringIO()
    YAML().dump({"config": dict(settings)}, written)
    return written.getvalue()
