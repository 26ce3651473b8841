"""`make bench`: runs the benches of this folder and prints a table, with `--json FILE` also the samples.

A bench is a module here with a `cases` context manager (measuring.py). Name benches to run only these.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from measuring import Bench, Broken, Measured, measure

BENCHES = ("start", "plan", "job", "demo", "many")
"""Modules of this folder, in the order of running."""
_COLUMNS = ("case", "min", "median", "max", "floor", "peak", "aim", "")


def main() -> int:
    """Exit code 0; with `--check` 1 where an aim is missed; 3 where a command fails."""
    options = _options()
    machine = _machine()
    print("\n".join(f"{key}: {value}" for key, value in machine.items()), end="\n\n")
    results: dict[str, tuple[Measured, ...]] = {}
    for name in options.benches or BENCHES:
        bench = cast(Bench, importlib.import_module(name))
        try:
            with bench.cases() as cases:
                results[name] = measure(cases, min(options.runs, bench.RUNS))
        except Broken as error:
            print(f"error: {error}", file=sys.stderr)
            return 3
        _print(name, results[name])
    if options.json:
        options.json.write_text(json.dumps(_data(machine, results), indent=1) + "\n")
    missed = any(_missed(item, measured) for measured in results.values() for item in measured)
    return 1 if options.check and missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"of {', '.join(BENCHES)} [default: all]")
    parser.add_argument("--runs", type=int, default=10, help="per case, at most [default: 10]")
    parser.add_argument("--json", type=Path, help="write machine, samples and figures to this file")
    parser.add_argument("--check", action="store_true", help="exit with 1 where an aim is missed")
    options = parser.parse_args()
    if unknown := set(options.benches) - set(BENCHES):
        parser.error(f"no bench `{min(unknown)}`; there are: {', '.join(BENCHES)}")
    if options.runs < 1:
        parser.error("`--runs` must be 1 or more")
    return options


def _machine() -> Mapping[str, str]:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or "unknown",
        "processor": f"{_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 20} MiB",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "pulumi SDK": version("pulumi"),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def _print(name: str, measured: Sequence[Measured]) -> None:
    table = [(f"{name}: case", *_COLUMNS[1:]), *(_row(item, measured) for item in measured)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_COLUMNS))]
    for row in table:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())
    runs = len(measured[0].samples)
    print("one run each\n" if runs == 1 else f"{runs} runs each, in turn, after one to warm up\n")


def _row(item: Measured, measured: Sequence[Measured]) -> tuple[str, ...]:
    ratio = _ratio(item, measured)
    return (
        item.case.name,
        _ms(min(item.seconds)),
        _ms(item.median),
        _ms(max(item.seconds)),
        f"{ratio:.2f} x" if ratio else "",
        f"{item.peak_bytes / 2**20:.0f} MiB",
        ", ".join(_aims(item)),
        "over" if _missed(item, measured) else "",
    )


def _aims(item: Measured) -> Iterator[str]:
    if item.case.aim_seconds is not None:
        yield _ms(item.case.aim_seconds)
    if item.case.aim_ratio is not None:
        yield f"{item.case.aim_ratio:.2f} x"


def _ratio(item: Measured, measured: Sequence[Measured]) -> float | None:
    floor = next((other for other in measured if other.case.name == item.case.floor), None)
    return item.median / floor.median if floor else None


def _missed(item: Measured, measured: Sequence[Measured]) -> bool:
    late = item.case.aim_seconds is not None and item.median > item.case.aim_seconds
    ratio = _ratio(item, measured)
    return late or (item.case.aim_ratio is not None and ratio is not None and ratio > item.case.aim_ratio)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _data(machine: Mapping[str, str], results: Mapping[str, Sequence[Measured]]) -> dict[str, Any]:
    return {
        "prodfirst": "bench",
        "version": 1,
        "machine": dict(machine),
        "cases": [
            {
                "bench": name,
                "case": item.case.name,
                "median_seconds": item.median,
                "floor": item.case.floor,
                "ratio": _ratio(item, measured),
                "aim_seconds": item.case.aim_seconds,
                "aim_ratio": item.case.aim_ratio,
                "peak_bytes": item.peak_bytes,
                "seconds": list(item.seconds),
            }
            for name, measured in results.items()
            for item in measured
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
