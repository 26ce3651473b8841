"""What do its clusters say of a deployment: to its plan, and to its apply before the first change?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from prodfirst.adapters.pulumi.engine import Engine, Preview
from prodfirst.adapters.pulumi.running import EngineRun, engine_environment
from prodfirst.kernel.errors import Failure, Problem, Refused
from prodfirst.planning.checks import ObjectCheck, concerns_cluster
from prodfirst.usecases.recorded import Recorded

_TAKEN_FOR_DELETED: Mapping[str, str] = MappingProxyType({"PULUMI_K8S_DELETE_UNREACHABLE": "true"})
"""The provider's own setting (`deleteUnreachable`), for one run."""


def what_clusters_say(
    engine: Engine, run: EngineRun, preview: Preview, known: Recorded | None, folder: Path
) -> tuple[ObjectCheck, ...]:
    """Of each Kubernetes object that a preview makes, changes or deletes: what the credentials of the run may
    not try is read, and a cluster that is away is told at each of its objects."""
    if not any(map(concerns_cluster, preview.steps)):
        return ()
    # loaded where it is needed: a plan must not wait for it
    from prodfirst.adapters.kubernetes.planned import look_at_planned

    recorded = known.objects if known else {}
    environment = engine_environment(engine.plugin_home, run, folder)
    return look_at_planned(preview.steps, preview.graph, recorded, environment).checks


def fail_where_clusters_are_silent(name: str, preview: Preview, environment: Mapping[str, str]) -> None:
    """A preview is green on a cluster that is down: raises Failure for the deployment `name` then."""
    if not any(step.type.startswith("kubernetes:") for step in preview.steps):
        return
    from prodfirst.adapters.kubernetes.reaching import silent_clusters

    silent = silent_clusters(preview.steps, preview.graph, environment)
    if silent:
        raise Failure(*(_silent(name, server, why) for server, why in silent.items()))


def _silent(name: str, server: str, why: str) -> Problem:
    return Problem(
        f"`{name}` cannot be planned: its cluster does not answer",
        server,
        why,
        "see that this machine reaches the endpoint, and that the cluster is well; then plan again. Other "
        "deployments can be planned by name meanwhile",
    )


def refuse_what_clusters_refuse(
    engine: Engine, run: EngineRun, preview: Preview, known: Recorded | None, folder: Path
) -> tuple[ObjectCheck, ...]:
    """Dry-run every Kubernetes object of a preview under the run's own credentials.

    Raises Refused with all refusals at once; Failure where a cluster cannot be asked.
    """
    if not any(map(concerns_cluster, preview.steps)):
        return ()
    from prodfirst.adapters.kubernetes.planned import check_planned

    recorded = known.objects if known else {}
    environment = engine_environment(engine.plugin_home, run, folder)
    found = check_planned(preview.steps, preview.graph, recorded, environment)
    if problems := found.problems():
        raise Refused(*problems)
    return found.checks


def leaving_gone_clusters(
    engine: Engine, run: EngineRun, preview: Preview, known: Recorded | None, folder: Path
) -> tuple[EngineRun, tuple[str, ...]]:
    """The run, and what to tell, where a program moves to another cluster and the old one is gone.

    What was in it went with it: the provider is told to take it for deleted, which it would otherwise ask the
    old cluster to do, and fail.
    """
    if not known or not known.clusters:
        return run, ()
    from prodfirst.adapters.kubernetes.reaching import gone_clusters

    environment = engine_environment(engine.plugin_home, run, folder)
    gone = gone_clusters(known.clusters, preview.graph, environment)
    if not gone:
        return run, ()
    told = tuple(
        f"the cluster at {server} is gone, and what was in it is taken for deleted: {why}"
        for server, why in gone.items()
    )
    return replace(run, engine_environment={**run.engine_environment, **_TAKEN_FOR_DELETED}), told
