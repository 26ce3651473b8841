"""The engine that a site's runs use."""

from __future__ import annotations

from collections.abc import Callable

from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.tool import find_engine
from prodfirst.usecases.site import Site


def open_engine(site: Site, report: Callable[[str], None]) -> Engine:
    """Pulumi from PATH, or built once; with the user's own plugins unless the environment is local."""
    return Engine(find_engine(report))
