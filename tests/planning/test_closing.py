"""What is left for the end: from two previews of one state."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from planning_layouts import deployment, estate, step

from prodfirst.planning.closing import closing_steps, is_revoking, last_steps
from prodfirst.planning.file import dump, load
from prodfirst.planning.steps import Operation, Step


def _closing(first: list[str], exact: list[str]) -> list[tuple[str, str]]:
    return [(item.operation.value, item.name) for item in closing_steps(map(step, first), map(step, exact))]


def test_what_the_first_half_keeps_is_deleted_last() -> None:
    first = ["same role", "create kept", "update policy x=new"]
    exact = ["delete role", "update policy x=new"]
    assert _closing(first, exact) == [("delete", "kept"), ("delete", "role")]


def test_what_the_halves_say_otherwise_is_updated_last_with_the_difference() -> None:
    (last,) = closing_steps([step("update role trust=both")], [step("update role trust=new")])
    assert last.operation is Operation.UPDATE
    assert [(change.path, change.old, change.new) for change in last.changes] == [("trust", "both", "new")]


def test_without_a_difference_nothing_is_left() -> None:
    assert _closing(["same role", "create policy"], ["same role", "create policy"]) == []


def test_additions_revoke_nothing() -> None:
    assert not is_revoking(map(step, ["create a", "same b", "read c"]))
    assert is_revoking([step("update a")])
    assert is_revoking([step("delete a")])


def test_old_halves_of_replacements_go_last_too() -> None:
    plan = replace(deployment("replace a", "update b"), closing=(step("delete c"),))
    assert [(item.operation.value, item.name) for item in last_steps(plan)] == [
        ("delete", "c"),
        ("delete", "a"),
    ]


def _with_closing(*steps: Step) -> str:
    return estate(replace(deployment("same a"), closing=steps)).digest


def test_the_plan_binds_its_closing_step(tmp_path: Path) -> None:
    plan = estate(replace(deployment("same a"), closing=(step("delete kept"),)))
    assert plan.has_changes
    assert plan.digest != _with_closing()
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(dump(plan)))
    assert load(path).deployments[0].closing == plan.deployments[0].closing
