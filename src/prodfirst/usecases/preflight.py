"""What do its clusters say of a deployment: to its plan, and to its apply before the first change?"""

from __future__ import annotations

from pathlib import Path

from prodfirst.adapters.pulumi.engine import Engine, Preview
from prodfirst.adapters.pulumi.running import EngineRun, engine_environment
from prodfirst.kernel.errors import Refused
from prodfirst.planning.checks import ObjectCheck, concerns_cluster
from prodfirst.usecases.recorded import Recorded


def what_clusters_say(
    engine: Engine, run: EngineRun, preview: Preview, known: Recorded | None, folder: Path
) -> tuple[ObjectCheck, ...]:
    """Of each Kubernetes object that a preview makes, changes or deletes: what the credentials of the run may
    not try is read, and a cluster that is away is told at each of its objects."""
    if not any(map(concerns_cluster, preview.steps)):
        return ()
    # loaded where it is needed: a plan must not wait for it
    from prodfirst.adapters.kubernetes.planned import field_managers, look_at_planned

    managers = field_managers(known.objects) if known else {}
    environment = engine_environment(engine.plugin_home, run, folder)
    return look_at_planned(preview.steps, preview.graph, managers, environment).checks


def refuse_what_clusters_refuse(
    engine: Engine, run: EngineRun, preview: Preview, known: Recorded | None, folder: Path
) -> tuple[ObjectCheck, ...]:
    """Dry-run every Kubernetes object of a preview under the run's own credentials.

    Raises Refused with all refusals at once; Failure where a cluster cannot be asked.
    """
    if not any(map(concerns_cluster, preview.steps)):
        return ()
    from prodfirst.adapters.kubernetes.planned import check_planned, field_managers

    managers = field_managers(known.objects) if known else {}
    environment = engine_environment(engine.plugin_home, run, folder)
    found = check_planned(preview.steps, preview.graph, managers, environment)
    if problems := found.problems():
        raise Refused(*problems)
    return found.checks
