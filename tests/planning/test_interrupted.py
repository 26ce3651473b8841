"""What a killed run left in flight, in a plan: bound by its digest, and a stop where nobody can tell."""

from __future__ import annotations

import json
from pathlib import Path

from planning_layouts import cut_off, deployment, estate

from prodfirst.kernel.findings import Severity
from prodfirst.planning.file import dump, load
from prodfirst.planning.fingerprint import may_be_kept
from prodfirst.planning.guards import Subject, check
from prodfirst.planning.interrupted import Fate

ADOPTED = cut_off("a", Fate.ADOPTED, "a-1")
UNDECIDED = cut_off("b", Fate.UNDECIDED, why="each of `b-1`, `b-2` may be it")


def test_it_is_part_of_what_is_approved(tmp_path: Path) -> None:
    made = estate(deployment("same a", interrupted=(ADOPTED, UNDECIDED)))
    assert made.digest != estate(deployment("same a")).digest
    (tmp_path / "plan.json").write_text(json.dumps(dump(made)))
    assert load(tmp_path / "plan.json").deployments[0].interrupted == (ADOPTED, UNDECIDED)


def test_where_nobody_can_tell_the_plan_is_not_applied() -> None:
    (finding,) = check(Subject("storage/local", False, (), interrupted=(ADOPTED, UNDECIDED)))
    assert (finding.rule, finding.severity) == ("interrupted-undecided", Severity.MANDATORY)
    assert "`b-1`, `b-2`" in finding.why
    assert "--clear-pending-creates" in finding.fix


def test_such_a_plan_is_made_anew_each_time() -> None:
    assert may_be_kept(deployment("same a"))
    assert not may_be_kept(deployment("same a", interrupted=(ADOPTED,)))
