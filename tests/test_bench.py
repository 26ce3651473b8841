"""`make bench` measures, says on what, and fails when what it measures fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parent.parent / "bench" / "run.py"


def test_a_bench_prints_a_table_and_writes_its_samples(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, RUN, "start", "--runs", "2", "--json", file],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "processor: " in done.stdout
    assert "prodfirst --help" in done.stdout
    answer = json.loads(file.read_text())
    assert (answer["prodfirst"], answer["version"]) == ("bench", 1)
    assert [len(case["seconds"]) for case in answer["cases"]] == [2, 2, 2]
    assert all(0 < case["median_seconds"] < 10 for case in answer["cases"])
    assert all(1 << 20 < case["peak_bytes"] < 1 << 30 for case in answer["cases"])
    assert answer["cases"][1]["ratio"] > 1


def test_a_command_that_fails_has_no_time(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "import sys, contextlib, measuring\nRUNS = 2\n"
        "@contextlib.contextmanager\n"
        "def cases(): yield [measuring.Case('c', (sys.executable, '-c', 'raise SystemExit(\"no cloud\")'))]\n"
    )
    code = "import run, sys; run.BENCHES = ('broken',); sys.argv[1:] = []; sys.exit(run.main())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{RUN.parent}:{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "ended with 1: no cloud" in done.stderr
