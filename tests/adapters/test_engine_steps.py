"""What the engine would do, and did, as steps."""

from __future__ import annotations

from engine_fixtures import Deployment

from prodfirst.adapters.pulumi.engine import Result
from prodfirst.planning.steps import Change, Operation
from prodfirst.resources.values import SECRET, UNKNOWN

TWO = """
a = Thing("a", place="north", size=1)
Thing("b", ref=a.id, password=pulumi.Output.secret("hunter2-hunter2"))
"""


def operations(steps: object) -> dict[str, Operation]:
    return {step.name: step.operation for step in steps if step.name != "default"}  # type: ignore[attr-defined]


def test_a_first_preview_creates_everything_and_shows_unknown_and_secret_values(
    deployment: Deployment,
) -> None:
    deployment.program(TWO)
    preview = deployment.engine.preview(deployment.run)
    assert operations(preview.steps) == {"a": Operation.CREATE, "b": Operation.CREATE}
    (b,) = (step for step in preview.steps if step.name == "b")
    assert dict(b.inputs) == {"ref": UNKNOWN, "password": SECRET}
    assert str(b.source) == "program/__main__.py:3:1"
    assert deployment.cloud() == {}


def test_an_update_does_what_the_preview_said(deployment: Deployment) -> None:
    deployment.program(TWO)
    outcome = deployment.engine.update(deployment.run)
    assert outcome.result is Result.SUCCEEDED
    assert operations(outcome.done) == {"a": Operation.CREATE, "b": Operation.CREATE}
    assert sorted(deployment.cloud()) == ["a", "b"]
    again = deployment.engine.preview(deployment.run)
    assert operations(again.steps) == {"a": Operation.SAME, "b": Operation.SAME}


def test_a_change_names_its_properties_and_masks_secrets(deployment: Deployment) -> None:
    deployment.up(TWO)
    deployment.program(TWO.replace("size=1", "size=2").replace("hunter2-hunter2", "hunter3-hunter3"))
    preview = deployment.engine.preview(deployment.run)
    changes = {step.name: step.changes for step in preview.steps if step.operation is Operation.UPDATE}
    assert changes == {"a": (Change("size", 1, 2),), "b": (Change("password", SECRET, SECRET),)}


def test_a_replacement_is_one_step_whichever_half_comes_first(deployment: Deployment) -> None:
    deployment.up(TWO)
    for single in ("", ", single=True"):
        deployment.program(TWO.replace('"north", size=1', f'"south", size=1{single}'))
        preview = deployment.engine.preview(deployment.run)
        (a,) = (step for step in preview.steps if step.name == "a")
        assert a.operation is Operation.REPLACE
        assert Change("place", "north", "south", replaces=True) in a.changes
        assert operations(preview.steps)["b"] is Operation.UPDATE


def test_the_empty_program_deletes_everything(deployment: Deployment) -> None:
    deployment.up(TWO)
    preview = deployment.engine.preview(deployment.run, empty=True)
    assert operations(preview.steps) == {"a": Operation.DELETE, "b": Operation.DELETE}
    deployment.engine.update(deployment.run, empty=True)
    assert deployment.cloud() == {}
    assert deployment.state()["checkpoint"]["latest"].get("resources") in (None, [])
