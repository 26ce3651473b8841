"""Every plan checks the lock: what a program needs and its committed lock file does not hold."""

from __future__ import annotations

from prodfirst.estate.definition import Layer, Stack
from prodfirst.kernel.errors import InvalidInput
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.permissions import lock as locks
from prodfirst.permissions.guard import RULE, missing_permissions
from prodfirst.resources.graph import ResourceGraph
from prodfirst.usecases.site import Site


def lock_findings(site: Site, stack: Stack, graph: ResourceGraph | None) -> tuple[Finding, ...]:
    """Mandatory findings; none for a removal (no graph), which needs what the lock held all along.

    None for the identity layer either: bootstrap makes its identities, and they hold what makes roles.
    """
    if graph is None or stack.layer is Layer.IDENTITY:
        return ()
    try:
        held = locks.read(locks.path_of(site.estate.root, stack.name))
    except InvalidInput as error:
        return tuple(
            Finding(RULE, Severity.MANDATORY, item.what, item.where, item.why, item.fix)
            for item in error.problems
        )
    return missing_permissions(site.estate, stack, site.environment, graph, held)
