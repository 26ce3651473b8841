"""What do its clusters say of a deployment: to its plan, and to its apply before the first change?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from prodfirst.adapters.pulumi.engine import Engine, Preview
from prodfirst.adapters.pulumi.running import EngineRun, engine_environment
from prodfirst.kernel.errors import Failure, Problem, Refused
from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.checks import ObjectCheck, concerns_cluster
from prodfirst.usecases.recorded import Recorded
from prodfirst.usecases.site import Site


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


def fail_where_clusters_are_silent(
    name: str,
    preview: Preview,
    known: Recorded | None,
    environment: Mapping[str, str],
    *,
    gone: tuple[str, ...],
    done: str = "planned",
) -> None:
    """A preview is green on a cluster that is down: raises Failure for the deployment `name` then.

    `gone` are servers that shall not answer any more; `done` is what is not done now.
    """
    if not any(map(concerns_cluster, preview.steps)):
        return
    from prodfirst.adapters.kubernetes.reaching import silent_clusters

    recorded = known.clusters if known else ()
    silent = silent_clusters(preview.steps, preview.graph, recorded, environment, gone)
    if silent:
        raise Failure(*(_silent(name, done, server, why) for server, why in silent.items()))


def _silent(name: str, done: str, server: str, why: str) -> Problem:
    return Problem(
        f"`{name}` cannot be {done}: its cluster does not answer",
        server,
        why,
        "see that this machine reaches the endpoint, and that the cluster is well; then plan again. Other "
        "deployments can be planned by name meanwhile. Where the cluster is deleted for good, take its "
        "objects out of the state with `pulumi state delete`",
    )


def refuse_what_clusters_refuse(
    engine: Engine, run: EngineRun, preview: Preview, known: Recorded | None, folder: Path
) -> tuple[ObjectCheck, ...]:
    """Dry-run every Kubernetes object of a preview under the run's own credentials.

    Raises Refused with all refusals at once; Failure where a cluster cannot be asked, or not to the end.
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


def gone_clusters(
    site: Site, preview: Preview, known: Recorded | None, environment: Mapping[str, str]
) -> tuple[str, ...]:
    """Servers of clusters that a program has left for others, and that the local cloud has deleted.

    Nothing in other environments: that a cluster does not answer does not say that it is deleted, so there a
    deletion in it fails, and says what to do.
    """
    if not site.environment.local or not known or not known.clusters:
        return ()
    from prodfirst.adapters.kubernetes.reaching import gone_clusters

    there = frozenset(cluster.endpoint for cluster in site.cloud.clusters())
    return gone_clusters(known.clusters, preview.graph, there, environment)


def leaving(run: EngineRun, gone: tuple[str, ...]) -> EngineRun:
    """The run whose provider takes what was in these clusters for deleted, and in no other one."""
    if not gone:
        return run
    from prodfirst.providers.kubernetes.settings import GONE

    return replace(run, engine_environment={**run.engine_environment, GONE: " ".join(gone)})


def told_of_gone(gone: tuple[str, ...]) -> tuple[Finding, ...]:
    """For whoever approves a plan, and for the log of its apply."""
    return tuple(
        Finding(
            "cluster-gone",
            Severity.ADVISORY,
            f"the cluster at {server} is deleted, and what was in it counts as deleted with it",
            server,
            "the program moves to another cluster, and the local cloud has none with this endpoint any more",
            "if the program should not move, give its provider the cluster that it had",
        )
        for server in gone
    )
