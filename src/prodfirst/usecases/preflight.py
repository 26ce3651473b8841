"""Before the first change of a deployment: what do its clusters refuse?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prodfirst.adapters.pulumi.engine import Engine, Preview
from prodfirst.adapters.pulumi.running import EngineRun, engine_environment
from prodfirst.kernel.errors import Refused
from prodfirst.usecases.recorded import Recorded

if TYPE_CHECKING:
    from prodfirst.adapters.kubernetes.preflight import Preflight


def refuse_what_clusters_refuse(
    engine: Engine, run: EngineRun, preview: Preview, known: Recorded | None, folder: Path
) -> Preflight:
    """Dry-run every Kubernetes object of a preview under the run's own credentials.

    Raises Refused with all refusals at once; Failure where a cluster cannot be asked.
    """
    # loaded where it is needed: a plan must not wait for it
    from prodfirst.adapters.kubernetes.planned import check_planned, field_managers

    managers = field_managers(known.objects) if known else {}
    environment = engine_environment(engine.plugin_home, run, folder)
    found = check_planned(preview.steps, preview.graph, managers, environment)
    if problems := found.problems():
        raise Refused(*problems)
    return found
