"""What a machine lacks is said before a run trips over it, and nothing is built or changed to find out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import estate_layouts
from command_runs import prodfirst

from prodfirst.kernel.paths import cache


def _checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_a_machine_without_tools_is_told_each_and_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = prodfirst("doctor", "--json", folder=tmp_path, PATH=str(tmp_path / "empty"))
    assert done.returncode == 1
    checks = _checks(done)
    missing = {name for name, check in checks.items() if check["standing"] == "missing"}
    assert missing == {"engine", "kubernetes", "Go"}
    assert "install Pulumi" in checks["engine"]["next"]
    assert "KUBEBUILDER_ASSETS" in checks["kubernetes"]["next"]
    assert checks["git"]["standing"] == "optional"
    assert not (tmp_path / ".cache").exists()


def test_with_go_alone_the_engine_comes_later(tmp_path: Path) -> None:
    (tmp_path / "go").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "go").chmod(0o700)
    done = prodfirst("doctor", "--json", folder=tmp_path, PATH=str(tmp_path))
    assert done.returncode == 0
    assert {_checks(done)[name]["standing"] for name in ("engine", "kubernetes")} == {"later"}


def test_an_engine_that_is_named_and_cannot_be_used_is_missing(tmp_path: Path) -> None:
    done = prodfirst("doctor", "--json", folder=tmp_path, PRODFIRST_PULUMI=str(tmp_path / "none"))
    assert done.returncode == 1
    assert "PRODFIRST_PULUMI" in _checks(done)["engine"]["found"]


def test_an_estate_is_looked_at_too(tmp_path: Path) -> None:
    tools = {"PRODFIRST_CACHE": str(cache())}
    done = prodfirst("doctor", folder=tmp_path, **tools)
    assert (done.returncode, "begin one with `prodfirst init`" in done.stdout) == (0, True)
    file = estate_layouts.write(tmp_path, "network:infrastructure")
    done = prodfirst("doctor", "--json", folder=tmp_path, **tools)
    assert done.returncode == 1
    assert _checks(done)["lock files"]["next"] == "prodfirst permissions sync"
    file.write_text("version: 2\n")
    done = prodfirst("doctor", "--json", folder=tmp_path, **tools)
    assert _checks(done)["estate"]["standing"] == "missing"


def test_no_line_is_wider_than_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = prodfirst("doctor", folder=tmp_path, PATH=str(tmp_path / "empty"), COLUMNS="80")
    long = [line for line in done.stdout.splitlines() if len(line) > 80 and "/" not in line]
    assert long == []
