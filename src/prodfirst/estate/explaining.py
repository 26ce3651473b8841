"""What pydantic says about a file, in the words of the person who wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel

from prodfirst.estate.definition import Layer
from prodfirst.estate.document import Document, Location
from prodfirst.estate.schema import EstateFile
from prodfirst.kernel.errors import Problem

_LISTED = 8
"""Names that are shown to somebody who wrote none of them; an estate may have hundreds."""


def explain(source: Document, error: Any) -> Problem:
    """One error of pydantic as one problem, with its place in the file."""
    location: Location = tuple(part for part in error["loc"] if part != "[key]")
    place = source.at(location)
    shown = ".".join(map(str, location)) or "the file"
    given = f", not `{error['input']}`" if isinstance(error["input"], (str, int, float, bool)) else ""
    match error["type"]:
        case "extra_forbidden":
            name = str(location[-1])
            known = _fields_at(location[:-1])
            return Problem(
                f"unknown key `{name}`",
                place,
                f"known here: {', '.join(known)}",
                _near(name, known) or "remove it",
            )
        case "missing":
            return Problem(
                f"`{location[-1]}` is missing", place, f"`{shown}` is required", f"add `{location[-1]}`"
            )
        case "string_type" if isinstance(error["input"], (int, float)) and not isinstance(
            error["input"], bool
        ):
            return Problem(
                f"`{shown}` must be a string{given}", place, "YAML reads it as a number", "put it in quotes"
            )
        case "string_pattern_mismatch":
            what = "as a name" if error["loc"][-1:] == ("[key]",) else f"for `{shown}`"
            return Problem(f"`{error['input']}` does not fit {what}", place, _form(location))
        case "enum" | "literal_error":
            return Problem(
                f"`{shown}`: {error['msg'].lower()}{given}", place, fix=_nearest_layer(error["input"])
            )
    return Problem(f"`{shown}`: {error['msg'][0].lower()}{error['msg'][1:]}{given}", place)


def _form(location: Location) -> str:
    """What the field's description says of its form."""
    field = str(location[-1]) if location else ""
    for model in _models():
        info = model.model_fields.get(field)
        if info is not None and info.description:
            return info.description
    return "names have lower case letters, digits and dashes, and begin with a letter"


def _models() -> Iterator[type[BaseModel]]:
    yield EstateFile
    for info in EstateFile.model_fields.values():
        for argument in get_args(info.annotation):
            if isinstance(argument, type) and issubclass(argument, BaseModel):
                yield argument


def _fields_at(location: Location) -> tuple[str, ...]:
    """The keys that are known at a place in the file."""
    model: type[BaseModel] = EstateFile
    if location:
        arguments = get_args(EstateFile.model_fields[str(location[0])].annotation)
        model = next(item for item in arguments if isinstance(item, type) and issubclass(item, BaseModel))
    return tuple(model.model_fields)


def nearest(name: str, known: Iterable[str]) -> str:
    """What to do about a name that does not exist."""
    names = list(known)
    listed = ", ".join(f"`{item}`" for item in names[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return _near(name, names) or (f"use one that exists: {listed}{more}" if names else "there is none yet")


def _near(name: str, known: Iterable[str]) -> str:
    """The question whether another name was meant; empty where none is near."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean `{found[0]}`?" if found else ""


def _nearest_layer(given: Any) -> str:
    return nearest(str(given), [layer.value for layer in Layer]) if isinstance(given, str) else ""
