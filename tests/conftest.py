"""Every test has an installation of its own; only tools are shared with the user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = [
    "acme_estate",
    "cascade_estates",
    "cloud_fixtures",
    "cluster_fixtures",
    "engine_fixtures",
    "aws_programs",
    "control_plane_fixtures",
    "kubernetes_programs",
]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or changes what belongs to the user; variables that decide something are unset."""
    for name in [key for key in os.environ if key.startswith(("AWS_", "PULUMI_", "PRODFIRST_"))]:
        if name != "PRODFIRST_CACHE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PRODFIRST_HOME", str(tmp_path / "prodfirst-home"))
