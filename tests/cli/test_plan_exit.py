"""The exit code of `plan`, where a cluster refuses an object."""

from __future__ import annotations

from dataclasses import replace

from planning_layouts import deployment, estate, urn

from prodfirst.cli.plans import findings_exit, plan_exit
from prodfirst.kernel.errors import ExitCode
from prodfirst.planning.checks import ObjectCheck, Verdict


def test_a_refused_object_is_a_finding_and_leaves_the_digest() -> None:
    calm = deployment()
    found = {
        verdict: replace(calm, objects=(ObjectCheck(urn("web"), verdict, why="quota"),))
        for verdict in Verdict
    }
    refused = estate(found[Verdict.REFUSED])
    assert plan_exit(refused) is ExitCode.FINDINGS
    assert {item.digest for item in found.values()} == {calm.digest}
    others = [estate(item) for verdict, item in found.items() if verdict is not Verdict.REFUSED]
    assert {plan_exit(item) for item in others} == {ExitCode.CLEAN}
    # a cluster is asked again by apply: what it takes then needs no other approval
    assert findings_exit(refused) is ExitCode.CLEAN
