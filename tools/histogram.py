"""Writes docs/kills.md from docs/bench/kills.jsonl, to which `tests/acme/kills.py --out` adds lines.

With `--check` it only says whether the page is stale.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from generated import settle

_DOCS = Path(__file__).parents[1] / "docs"
_HEAD = """\
<!-- made by tools/histogram.py; `make reference` makes it again -->

# What kills leave, and what is left after the next run

`make kills` kills a run and all that it started (`SIGKILL`) at a call that the audit of the local cloud shows
as carried out. The call is chosen at random within a named window. What the kill left is read from the cloud
and the state. Then the same command runs again, and must leave nothing doubled, orphaned, in flight or
locked, and no drift. A campaign ends at the first kill after which that does not hold; it is counted too.
"""
Kill = Mapping[str, Any]


def pages(kills: Sequence[Kill]) -> Mapping[str, str]:
    """File name → text."""
    return {"kills.md": _HEAD + "".join(_table(kills)) + "".join(_below(kills))}


def _table(kills: Sequence[Kill]) -> Iterator[str]:
    yield "\n| window | kills | | recovered | left behind, in how many | what became of it |\n"
    yield "|---|---|---|---|---|---|\n"
    for name in sorted({kill["window"] for kill in kills}):
        own = [kill for kill in kills if kill["window"] == name and kill["met"]]
        row = (name, str(len(own)), "#" * len(own), str(_recovered(own)), _left(own), _fates(own))
        yield f"| {' | '.join(row)} |\n"


def _recovered(kills: Sequence[Kill]) -> int:
    return sum(not kill["wrong"] for kill in kills)


def _left(kills: Sequence[Kill]) -> str:
    """In how many kills there was a lock, and so on."""
    found = Counter(f"operation {kind}" for kill in kills for kind in kill["left"]["pending"])
    found["lock"] = sum(kill["left"]["locks"] > 0 for kill in kills)
    found["nothing"] = sum(not kill["left"]["locks"] and not kill["left"]["pending"] for kill in kills)
    return _counted(found)


def _fates(kills: Sequence[Kill]) -> str:
    return _counted(sum((Counter(kill["fates"]) for kill in kills), Counter[str]()))


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(found.items()) if count)


def _below(kills: Sequence[Kill]) -> Iterator[str]:
    met = [kill for kill in kills if kill["met"]]
    beside = [kill for kill in kills if not kill["met"]]
    commits = ", ".join(sorted({kill["commit"] for kill in kills}))
    yield f"\n{len(met)} kills came within their window; the next run recovered {_recovered(met)} of them. "
    if beside:
        yield f"{len(beside)} came too late for it, of which {_recovered(beside)} were recovered. "
    yield f"Runs were killed of one stack at a time ({_counted(Counter(kill['stack'] for kill in kills))}). "
    yield f"{min(kill['when'] for kill in kills)[:10]}, commit {commits}.\n"


if __name__ == "__main__":
    lines = (_DOCS / "bench" / "kills.jsonl").read_text().splitlines()
    sys.exit(settle(_DOCS, pages([json.loads(line) for line in lines])))
