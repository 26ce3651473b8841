"""Whether something that exists is what a create whose answer never came has made.

What carries tags is known by them and by what cannot change; settings that come one call later it may not
have yet. What carries none is known by all that it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from prodfirst.providers.schema import Data, Prop, Schema


class CannotTell(Exception):
    """It is not to be known whether the resource is there; says why."""


def best(
    schema: Schema, tags: dict[str, str], inputs: Data, found: Iterable[tuple[str, Data]]
) -> tuple[str, ...]:
    """Of what was found (id, live properties), those that are as wanted in all; else those that may be."""
    possible = [(id, live) for id, live in found if may_be(schema, tags, inputs, live)]
    exact = tuple(id for id, live in possible if _equal(schema.inputs, inputs, live))
    return exact or tuple(id for id, _ in possible)


def may_be(schema: Schema, tags: dict[str, str], inputs: Data, live: Data) -> bool:
    """Whether `live` can have been made from `inputs`, under the provider's and its own `tags`."""
    if not schema.tagged:
        return _equal(schema.inputs, inputs, live)
    carried = live.get("tagsAll") or {}
    fixed = {key: prop for key, prop in schema.inputs.items() if prop.replace is True}
    return all(carried.get(key) == value for key, value in tags.items()) and _equal(fixed, inputs, live)


def made_since(made: datetime | None, since: datetime | None) -> bool:
    """Whether something is no older than the run that may have made it; unknown times say no."""
    return made is not None and since is not None and made >= since.replace(microsecond=0)


def _equal(props: dict[str, Prop] | Any, inputs: Data, live: Data) -> bool:
    return all(_same(prop, inputs[key], live.get(key)) for key, prop in props.items() if key in inputs)


def _same(prop: Prop, wanted: Any, live: Any) -> bool:
    if wanted == live or (live is not None and prop.same is not None and prop.same(wanted, live)):
        return True
    both = isinstance(wanted, list) and isinstance(live, list)
    return prop.sort and both and sorted(map(str, wanted)) == sorted(map(str, live))


def listed(pages: Iterable[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    """The items of all pages of an answer."""
    for page in pages:
        yield from page.get(key) or ()
