"""A deployment is run again exactly when something that its plan was computed from has changed."""

from __future__ import annotations

import json
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from cascade_estates import Estate, bootstrapped

from prodfirst.adapters.pulumi.tool import find_engine

READS = {"a": {}, "b": {"a": ["name"]}, "c": {}}
PROGRAM = """
import pathlib, sys
sys.path.append(str(pathlib.Path(__file__).parent.parent))
import shared
aws.kms.Key("k", deletion_window_in_days=7, description=shared.TEXT)
publish(name="x")
"""
READER = """
aws.kms.Key("k", deletion_window_in_days=7, description=read("a").name)
"""
APART = """
aws.kms.Key("k", deletion_window_in_days=7)
"""


@pytest.fixture(scope="module")
def estate(cascade_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    made = bootstrapped(
        tmp_path_factory.mktemp("cutoff"),
        cascade_home,
        READS,
        {"a": PROGRAM, "b": READER, "c": APART},
        files={"shared.py": 'TEXT = "t"\n'},
    )
    made.apply("--yes")
    return made


@pytest.fixture
def settled(estate: Estate) -> Estate:
    """Everything has a clean plan."""
    estate.plan()
    assert _run_again(estate) == set()
    return estate


def _run_again(estate: Estate) -> set[str]:
    return {name for name, item in estate.plan().items() if not item["reused"]}


def _edit(path: Path, old: str, new: str) -> Callable[[], None]:
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))
    return lambda: _restore(path, before)


def _restore(path: Path, text: str) -> None:
    path.write_text(text)


def _program(estate: Estate) -> Callable[[], None]:
    return _edit(estate.folder / "c" / "__main__.py", "import pulumi\n", "import pulumi  # seen\n")


def _imported(estate: Estate) -> Callable[[], None]:
    return _edit(estate.folder / "shared.py", '"t"', '"t"  # seen')


def _configuration(estate: Estate) -> Callable[[], None]:
    path = estate.folder / "c" / "Pulumi.local.yaml"
    path.write_text("config:\n  c:size: 3\n")
    return path.unlink


def _lock(estate: Estate) -> Callable[[], None]:
    path = estate.folder / "permissions" / "c.lock.json"
    before = path.read_text()
    path.write_text(json.dumps(json.loads(before), indent=3))
    return lambda: _restore(path, before)


def _zones(estate: Estate) -> Callable[[], None]:
    return _edit(estate.folder / "prodfirst.yaml", "eu-central-1b]", "eu-central-1c]")


def _contract_value(estate: Estate) -> Callable[[], None]:
    return _edit(estate.folder / "a" / "__main__.py", 'name="x"', 'name="y"')


def _owner(estate: Estate) -> Callable[[], None]:
    return _edit(
        estate.folder / "prodfirst.yaml",
        "owner: platform, program: c",
        "owner: platform, stateful: true, program: c",
    )


def _plugin(estate: Estate) -> Callable[[], None]:
    path = estate.home / "pulumi" / "plugins" / "resource-other-v1.0.0"
    path.mkdir(parents=True)
    return path.rmdir


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (_program, {"c"}),
        (_imported, {"a"}),
        (_configuration, {"c"}),
        (_lock, {"c"}),
        (_zones, {"a", "b", "c"}),
        (_owner, {"c"}),
        (_plugin, {"a", "b", "c"}),
        (_contract_value, {"a", "b"}),
    ],
)
def test_what_changed_is_run_again_and_nothing_else(
    settled: Estate, change: Callable[[Estate], Callable[[], None]], again: set[str]
) -> None:
    undo = change(settled)
    try:
        assert _run_again(settled) == again
    finally:
        undo()


def test_a_state_that_somebody_else_changed_is_run_again(settled: Estate, tmp_path: Path) -> None:
    key = f"s3://{settled.folder.name}-state/.pulumi/stacks/{settled.folder.name}-c/local.json"
    kept, changed = tmp_path / "kept.json", tmp_path / "changed.json"
    settled.aws("s3", "cp", "--quiet", key, str(kept))
    state = json.loads(kept.read_text())
    state["checkpoint"]["latest"]["resources"][0]["outputs"] = {"somebody": "else"}
    changed.write_text(json.dumps(state))
    settled.aws("s3", "cp", "--quiet", str(changed), key)
    try:
        assert _run_again(settled) == {"c"}
    finally:
        settled.aws("s3", "cp", "--quiet", str(kept), key)


def test_another_engine_runs_everything_again(settled: Estate, tmp_path: Path) -> None:
    engine = tmp_path / "pulumi"
    engine.symlink_to(find_engine(lambda _text: None).path)
    plan = json.loads(settled.run("plan", "--json", PRODFIRST_PULUMI=str(engine)))
    assert not any(item["reused"] for item in plan["deployments"])
    settled.plan()


def test_another_package_of_its_interpreter_runs_a_program_again(make_estate: Callable[..., Estate]) -> None:
    estate = make_estate({"d": {}, "e": {}}, d=APART, e=APART)
    own = estate.folder / "venv"
    venv.create(own, symlinks=True, with_pip=False)
    (packages,) = own.glob("lib/python3*/site-packages")
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "ours.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in ours))
    (estate.folder / "d" / "Pulumi.yaml").write_text(
        f"name: {estate.folder.name}-d\nruntime: {{ name: python, options: {{ virtualenv: ../venv }} }}\n"
    )
    estate.apply("--yes")
    estate.plan()
    assert _run_again(estate) == set()
    (packages / "another-1.0.dist-info").mkdir()
    assert _run_again(estate) == {"d"}


def test_the_reason_is_shown_and_the_digest_is_the_same(settled: Estate) -> None:
    assert "not run again: nothing has changed since the plan of" in settled.run("plan", "c")
    reused = settled.json("plan")
    (settled.folder / "c" / "note.txt").write_text("x")
    try:
        assert not settled.plan()["c"]["reused"]
    finally:
        (settled.folder / "c" / "note.txt").unlink()
    again = settled.json("plan")
    assert {item["stack"]: item["digest"] for item in again["deployments"]} == {
        item["stack"]: item["digest"] for item in reused["deployments"]
    }


def test_a_program_that_asks_a_provider_is_always_run_again(make_estate: Callable[..., Estate]) -> None:
    estate = make_estate({"d": {}}, d=APART)
    estate.apply("--yes")
    estate.plan()
    assert _run_again(estate) == set()
    estate.stack("d", APART + "aws.get_region()\n")
    estate.plan()
    assert _run_again(estate) == {"d"}
