"""What an apply leaves and a plan shows as removed: the JSON patch (RFC 6902) that takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prodfirst.providers.kubernetes.comparing import Path
from prodfirst.providers.kubernetes.objects import Data
from prodfirst.providers.kubernetes.ownership import Reach


def removals(path: Path, theirs: Reach, old: Any, new: Any, live: Any) -> Iterator[Data]:
    """JSON patch steps; those into lists from the end, so that the numbers hold."""
    if isinstance(old, dict) and isinstance(live, dict) and isinstance(new, dict):
        for key in old.keys() & live.keys():
            below = theirs.field(key)
            if key in new:
                yield from removals((*path, key), below, old[key], new[key], live[key])
            elif below.held:
                yield {"op": "remove", "path": _pointer((*path, key))}
    elif isinstance(old, list) and isinstance(live, list) and isinstance(new, list):
        yield from _removed_items(path, theirs, old, new, live)


def _removed_items(
    path: Path, theirs: Reach, old: list[Any], new: list[Any], live: list[Any]
) -> Iterator[Data]:
    keys = theirs.key_fields()
    for index in range(len(live) - 1, -1, -1):
        item = live[index]
        if keys and isinstance(item, dict):
            before, wanted = _same_item(old, item, keys), _same_item(new, item, keys)
            if wanted is not None:
                yield from removals((*path, index), theirs.item(item), before, wanted, item)
            elif before is not None and theirs.item(item).held:
                yield {"op": "remove", "path": _pointer((*path, index))}
        elif theirs.is_set and item in old and item not in new and theirs.value(item).held:
            yield {"op": "remove", "path": _pointer((*path, index))}


def _same_item(items: list[Any], wanted: Data, keys: tuple[str, ...]) -> Any:
    """The item with the same key fields; one that is left to its default matches."""
    for item in items:
        held = [key for key in keys if key in item] if isinstance(item, dict) else []
        if held and all(item[key] == wanted.get(key) for key in held):
            return item
    return None


def _pointer(path: Path) -> str:
    """RFC 6901"""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
