"""Writes docs/speed.md and its chart from docs/bench/*.json, each of which `bench/run.py BENCH --json` made.

With `--check` it only says whether they are stale. The chart is drawn here: bars and a line are less than
what a library for charts would bring along, and the file is the same for the same figures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from generated import settle

_DOCS = Path(__file__).parents[1] / "docs"
_ORDER = ("start", "plan", "job", "demo", "many")
_TITLES = {
    "start": "Starting",
    "plan": "Planning one stack of the given number of resources",
    "job": "The life of three stacks of the example",
    "demo": "The demo: all of the example from nothing",
    "many": "The life of 50 generated stacks",
}
_HEAD = """\
<!-- made by tools/speed.py; `make reference` makes it again -->

# What is measured

`make bench` measures whole processes, as a user starts them. Each case is compared with a floor or a peer in
the same run: a process that does the least of the work, or the engine runs that a command takes, one after
another and without prodfirst. The ratio is what counts; seconds are those of the machine named below.

![Ratios of each case to its floor](speed.svg)
"""
_WIDTH, _LABEL, _ROW, _TOP = 720, 250, 22, 28
_ABOUT_RIGHT = "#4a7"
_OVER = "#c63"

Case = Mapping[str, Any]


def pages() -> Mapping[str, str]:
    """File name → text."""
    files = {name: _DOCS / "bench" / f"{name}.json" for name in _ORDER}
    benches = {name: json.loads(file.read_text()) for name, file in files.items() if file.is_file()}
    tables = "".join("".join(_table(name, bench)) for name, bench in benches.items())
    rows = [(name, case) for name, bench in benches.items() for case in bench["cases"] if case["ratio"]]
    return {"speed.md": _HEAD + tables, "speed.svg": "".join(_chart(rows))}


def _table(name: str, bench: Mapping[str, Any]) -> Iterator[str]:
    machine = bench["machine"]
    yield f"\n## {_TITLES[name]}\n\n"
    yield "| case | median | spread | ratio | to | aim | peak |\n|---|---|---|---|---|---|---|\n"
    for case in bench["cases"]:
        seconds = case["seconds"]
        spread = f"{_time(min(seconds))} to {_time(max(seconds))}" if len(seconds) > 1 else "one run"
        ratio = f"{case['ratio']:.2f}" if case["ratio"] else ""
        peak = f"{case['peak_bytes'] / 2**20:.0f} MiB"
        median = _time(case["median_seconds"])
        row = (case["case"], median, spread, ratio, case["floor"], _aim(case), peak)
        yield f"| {' | '.join(row)} |\n"
    runs = len(bench["cases"][0]["seconds"])
    each = "one run each" if runs == 1 else f"{runs} runs each"
    yield f"\n{machine['when'][:10]}, commit {machine['commit']}, {each}; {machine['processor']}, "
    yield f"{machine['memory']}, Python {machine['python']}.\n"


def _aim(case: Case) -> str:
    aims = [_time(case["aim_seconds"])] if case["aim_seconds"] is not None else []
    aims += [f"{case['aim_ratio']:.2f} x"] if case["aim_ratio"] is not None else []
    return f"{', '.join(aims)}{': missed' if _missed(case) else ''}" if aims else ""


def _missed(case: Case) -> bool:
    late = case["aim_seconds"] is not None and case["median_seconds"] > case["aim_seconds"]
    return late or (case["aim_ratio"] is not None and (case["ratio"] or 0) > case["aim_ratio"])


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _chart(rows: Sequence[tuple[str, Case]]) -> Iterator[str]:
    """A bar for each ratio; the line is the floor itself."""
    height = _TOP + _ROW * len(rows) + 12
    scale = (_WIDTH - _LABEL - 60) / max(case["ratio"] for _, case in rows)
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
    yield 'font-size="12" role="img"><title>Ratio of each case to its floor</title>\n'
    yield f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>\n'
    for number, (bench, case) in enumerate(rows):
        y = _TOP + _ROW * number
        width = case["ratio"] * scale
        colour = _OVER if _missed(case) else _ABOUT_RIGHT
        name = escape(f"{bench}: {case['case']}")
        yield f'<text x="{_LABEL - 8}" y="{y + 13}" text-anchor="end">{name}</text>'
        yield f'<rect x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_ROW - 6}" fill="{colour}"/>'
        yield f'<text x="{_LABEL + width + 5:.1f}" y="{y + 13}">{case["ratio"]:.2f} x</text>\n'
    x = _LABEL + scale
    yield f'<line x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{height - 8}" stroke="#333"/>'
    yield f'<text x="{x:.1f}" y="{_TOP - 10}" text-anchor="middle">its floor: 1</text>\n</svg>\n'


if __name__ == "__main__":
    sys.exit(settle(_DOCS, pages()))
