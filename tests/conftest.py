"""Every test has an installation of its own; only tools are shared with the user."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = [
    "acme_estate",
    "cascade_estates",
    "cloud_fixtures",
    "cluster_fixtures",
    "acme_cluster",
    "engine_fixtures",
    "granting_estates",
    "clustered_estates",
    "aws_programs",
    "control_plane_fixtures",
    "kubernetes_programs",
]


def pytest_sessionstart() -> None:
    """Commands write as wide as they do in a pipe; a process among others is given a width."""
    os.environ.pop("COLUMNS", None)


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or changes what belongs to the user; variables that decide something are unset."""
    for name in [key for key in os.environ if key.startswith(("AWS_", "PULUMI_", "PRODFIRST_"))]:
        if name != "PRODFIRST_CACHE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PRODFIRST_HOME", str(tmp_path / "prodfirst-home"))


@pytest.fixture(scope="session", autouse=True)
def _no_unexplained_disagreement(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where the local API's own decision differs from the gateway's, a rule of AWS must be cited for it."""
    yield
    found = set()
    for path in tmp_path_factory.getbasetemp().rglob("audit.jsonl"):
        for line in path.read_text().splitlines():
            differs = json.loads(line).get("disagreement")
            if differs and not differs["rule"]:
                found.add(f"{differs['action']} on {differs['resource']}: gateway {differs['gateway']}, "
                          f"api {differs['api']}")  # fmt: skip
    assert not found, "\n".join(sorted(found))
