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
    return Engine(find_engine(report), plugin_home(site))


def plugin_home(site: Site) -> Path:
    """`PULUMI_HOME`: the user's own, with the user's plugins, unless the environment is local."""
    if site.environment.local:
        return home() / "pulumi"
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
