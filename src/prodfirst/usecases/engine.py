"""The engine that a site's runs use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.tool import find_engine
from prodfirst.kernel.paths import home
from prodfirst.usecases.site import Site


def open_engine(site: Site, report: Callable[[str], None]) -> Engine:
    """Pulumi from PATH, or built once; with the user's own plugins unless the environment is local."""
    plugins = home() / "pulumi" if site.environment.local else user_home()
    return Engine(find_engine(report), plugins)


def user_home() -> Path:
    """Where the user's own plugins are."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
