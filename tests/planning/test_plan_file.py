"""A plan survives its file, and a file that was touched is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from planning_layouts import deployment, estate, urn

from prodfirst.kernel.errors import InvalidInput
from prodfirst.planning.checks import ObjectCheck, Verdict
from prodfirst.planning.file import dump, load


def _write(path: Path, data: object) -> Path:
    path.write_text(json.dumps(data))
    return path


def test_round_trip(tmp_path: Path) -> None:
    plan = estate(deployment("create a x=? y=!", "delete b"), deployment("update c x=1", stack="network"))
    read = load(_write(tmp_path / "plan.json", dump(plan)))
    assert read == plan
    assert read.digest == plan.digest


def test_what_clusters_said_survives_the_file_and_makes_no_other_plan(tmp_path: Path) -> None:
    said = (
        ObjectCheck(urn("a"), Verdict.READ, "read: its name is free", "it may not be tried"),
        ObjectCheck(urn("b"), Verdict.UNCHECKED, "", "the cluster cannot be asked"),
    )
    plan = estate(deployment("create a x=1", "create b x=1", objects=said))
    data = dump(plan)
    assert data["deployments"][0]["objects"][1] == {
        "urn": urn("b"),
        "verdict": "unchecked",
        "checked": "",
        "why": "the cluster cannot be asked",
    }
    assert load(_write(tmp_path / "plan.json", data)) == plan
    assert plan.digest == estate(deployment("create a x=1", "create b x=1")).digest
    del data["deployments"][0]["objects"]
    assert load(_write(tmp_path / "plan.json", data)).deployments[0].objects == ()


def test_equal_previews_have_equal_digests_whatever_their_order_and_random_names() -> None:
    one = deployment("create a name=a-0a1b2c3 arn=x:a-0a1b2c3:y", "same b x=1")
    two = deployment("same b x=1", "create a name=a-7777777 arn=x:a-7777777:y")
    assert one.digest == two.digest
    assert one.digest != deployment("create a name=a-0a1b2c3 arn=x:other:y", "same b x=1").digest


@pytest.mark.parametrize("field", ["estate", "environment", "destroy"])
def test_an_edited_header_is_refused(tmp_path: Path, field: str) -> None:
    data = dump(estate(deployment("create a x=1"))) | {field: "production"}
    with pytest.raises(InvalidInput, match="edited or damaged"):
        load(_write(tmp_path / "plan.json", data))


@pytest.mark.parametrize(
    ("field", "value"),
    [("stateful", False), ("state", "s2"), ("identity", "other"), ("steps", []), ("owner", "shop")],
)
def test_an_edited_deployment_is_refused(tmp_path: Path, field: str, value: object) -> None:
    data = dump(estate(deployment("create a x=1")))
    data["deployments"][0][field] = value
    with pytest.raises(InvalidInput, match="edited or damaged"):
        load(_write(tmp_path / "plan.json", data))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"prodfirst": "plan"}', '{"prodfirst": "plan", "version": 1}']
)
def test_anything_else_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match="prodfirst plan --out"):
        load(path)
