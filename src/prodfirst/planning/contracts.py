"""Contracts in a plan: what a deployment publishes, what it reads, and how well each value is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from prodfirst.contracts.publication import CONTRACT_TYPE
from prodfirst.contracts.shapes import Shape, broken, shape_from_json, shape_text, shape_to_json
from prodfirst.estate.definition import Reader
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.resources.graph import Resource, ResourceGraph
from prodfirst.resources.values import SECRET, UNKNOWN, Value, from_json, holds, to_json


class Knowledge(StrEnum):
    """How well the value of a field is known while a plan is made."""

    KNOWN = "known"
    """Published, and no step of this plan changes it."""
    PLANNED = "planned"
    """A step of this plan will make it this."""
    UNKNOWN = "unknown"
    """Known after the publisher's apply."""


@dataclass(frozen=True, slots=True)
class Field:
    """One published field."""

    shape: Shape | None
    """None where the field was never published, so that nobody knows."""
    value: Value


Contract: TypeAlias = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class ReadField:
    """One field of another stack, as a deployment was given it."""

    stack: str
    field: str
    shape: Shape | None
    value: Value
    knowledge: Knowledge


def contract_of(inputs: Mapping[str, Value]) -> Contract:
    """The fields in the inputs of a contract's component; what is not in its form is left out."""
    fields = inputs.get("fields")
    return dict(_fields(fields)) if isinstance(fields, Mapping) else {}


def contract_in(graph: ResourceGraph) -> Contract:
    """What a program publishes."""
    component = _component(graph)
    return contract_of(component.inputs) if component else {}


def never_published(fields: Iterable[str]) -> Contract:
    """Fields of which nothing is known: a read gives unknown, not an error."""
    return {name: Field(None, UNKNOWN) for name in fields}


def read_fields(
    stack: str, fields: Iterable[str], *, planned: Contract | None, recorded: Contract
) -> tuple[ReadField, ...]:
    """What a reader is given: from the publisher's preview if it is `planned` too, else what is recorded."""
    return tuple(_read(stack, name, planned, recorded) for name in fields)


def injected(reads: Iterable[ReadField]) -> dict[str, Any]:
    """The reads as `contracts/program.py` takes them."""
    result: dict[str, dict[str, Any]] = {}
    for read in reads:
        shape = None if read.shape is None else shape_to_json(read.shape)
        result.setdefault(read.stack, {})[read.field] = {"type": shape, "value": to_json(read.value)}
    return result


def dump_read(read: ReadField) -> dict[str, Any]:
    """`{"stack", "field", "type", "value", "knowledge"}`."""
    shape = None if read.shape is None else shape_to_json(read.shape)
    return {
        "stack": read.stack,
        "field": read.field,
        "type": shape,
        "value": to_json(read.value),
        "knowledge": read.knowledge.value,
    }


def load_read(data: Mapping[str, Any]) -> ReadField:
    """The inverse of `dump_read`; raises ValueError or KeyError."""
    return ReadField(
        data["stack"],
        data["field"],
        None if data["type"] is None else shape_from_json(data["type"]),
        from_json(data["value"]),
        Knowledge(data["knowledge"]),
    )


def dump_contract(contract: Contract) -> dict[str, Any]:
    """Field → `{"type", "value"}`."""
    return {
        name: {"type": shape_to_json(field.shape), "value": to_json(field.value)}
        for name, field in sorted(contract.items())
        if field.shape is not None
    }


def load_contract(data: Mapping[str, Any]) -> Contract:
    """The inverse of `dump_contract`; raises ValueError or KeyError."""
    return {
        name: Field(shape_from_json(item["type"]), from_json(item["value"])) for name, item in data.items()
    }


def check_contract(
    name: str, graph: ResourceGraph, recorded: Contract, readers: Iterable[Reader]
) -> Iterator[Finding]:
    """A field that somebody reads may not go or change its type; a secret is no value of a contract."""
    component = _component(graph)
    contract = contract_of(component.inputs) if component else {}
    source = component.source[0] if component and component.source else None
    for field, published in contract.items():
        if holds(published.value, SECRET):
            yield Finding(
                "contract-secret",
                Severity.MANDATORY,
                f"`{name}` would publish a secret as `{field}`",
                source,
                "a contract is read by others, and kept in clear",
                "publish where the secret lies, with `secret_reference`",
            )
    for reader in readers:
        yield from _check_reader(name, contract, recorded, reader)


def _check_reader(name: str, contract: Contract, recorded: Contract, reader: Reader) -> Iterator[Finding]:
    field, old = contract.get(reader.field), recorded.get(reader.field)
    if field is None:
        listed = ", ".join(f"`{item}`" for item in sorted(contract)) or "nothing"
        yield Finding(
            "contract-field-missing",
            Severity.MANDATORY,
            f"`{name}` does not publish `{reader.field}`" + (" any more" if old else ""),
            reader.position,
            f"`{reader.stack}` reads it; `{name}` publishes {listed}",
            f"publish it, or first remove it from the reads of `{reader.stack}` and apply that",
        )
    elif old and old.shape is not None and field.shape is not None:
        for what in broken(old.shape, field.shape):
            yield Finding(
                "contract-field-retyped",
                Severity.MANDATORY,
                f"`{name}` changes the type of `{reader.field}`: {what}",
                reader.position,
                f"`{reader.stack}` reads it as {shape_text(old.shape)}",
                "publish the new form under another name, move the readers to it, then remove this one",
            )


def _component(graph: ResourceGraph) -> Resource | None:
    return next((item for item in graph.resources if item.type == CONTRACT_TYPE), None)


def _fields(raw: Mapping[str, Value]) -> Iterator[tuple[str, Field]]:
    for name, item in raw.items():
        if isinstance(item, Mapping) and "type" in item:
            yield name, Field(shape_from_json(item["type"]), item.get("value"))


def _read(stack: str, name: str, planned: Contract | None, recorded: Contract) -> ReadField:
    before = recorded.get(name)
    after = before if planned is None else planned.get(name)
    if after is None or holds(after.value, SECRET):
        return ReadField(stack, name, None, UNKNOWN, Knowledge.UNKNOWN)
    if holds(after.value, UNKNOWN):
        return ReadField(stack, name, after.shape, after.value, Knowledge.UNKNOWN)
    same = before is not None and before.value == after.value
    knowledge = Knowledge.KNOWN if same else Knowledge.PLANNED
    return ReadField(stack, name, after.shape, after.value, knowledge)
