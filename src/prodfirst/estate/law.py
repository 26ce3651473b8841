"""The layer law: who may read whom, and never in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from prodfirst.estate.definition import Estate, Layer
from prodfirst.kernel.errors import Problem

_LAW = {
    Layer.IDENTITY: "identity reads nothing above it",
    Layer.INFRASTRUCTURE: "infrastructure reads identity and infrastructure",
    Layer.APPLICATIONS: "applications read downwards only",
}


def check_law(estate: Estate) -> Iterator[Problem]:
    """Every breach and one cycle, each named in full with its position."""
    for stack in estate.stacks.values():
        for read in stack.reads:
            other = estate.stacks[read.stack]
            if not stack.layer.may_read(other.layer):
                yield Problem(
                    f"`{stack.name}` ({stack.layer}) may not read `{other.name}` ({other.layer})",
                    read.position,
                    _LAW[stack.layer],
                    "move one of them to another layer, or turn the arrow round",
                )
    try:
        TopologicalSorter({name: estate.reads_of(name) for name in estate.stacks}).prepare()
    except CycleError as error:
        # graphlib lists from the read to the reader; people read `a reads b reads a`
        path = list(reversed(error.args[1]))
        first = estate.stacks[path[0]]
        position = next(read.position for read in first.reads if read.stack == path[1])
        yield Problem(
            f"the stacks read each other in a circle: {' → '.join(path)}",
            position,
            "none of them could ever be applied first",
            "remove one of the reads",
        )
