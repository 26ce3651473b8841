"""What users see, and what is kept, where the job on the example goes wrong."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from acme_estate import SAFE, Acme

from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.tool import find_engine
from prodfirst.estate.reading import load
from prodfirst.planning.file import load as load_plan
from prodfirst.planning.progress import Phase, Progress
from prodfirst.planning.results import Result
from prodfirst.usecases.apply import Apply
from prodfirst.usecases.site import Site

_STATE = ".pulumi/stacks/acme-storage/local.json"


@pytest.fixture
def storage_gone(acme: Acme) -> Iterator[Acme]:
    """The example without `storage`; afterwards it is there again."""
    acme.run("destroy", "storage", "--yes")
    yield acme
    acme.run("apply", "--stack", "storage", "--yes")
    assert "no drift" in acme.run("drift", "storage")


def _until(stream: Iterator[str], text: str) -> None:
    for line in stream:
        if text in line:
            return
    raise AssertionError(f"`{text}` was never said")


def _child(parent: int, name: str) -> int:
    """The process of a program that `parent` started."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        command, _, numbers = entry.read_text().partition("(")[2].rpartition(")")
        if command == name and int(numbers.split()[1]) == parent:
            return int(entry.parent.name)
    raise AssertionError(f"{parent} runs no `{name}`")


def test_ctrl_c_once_lets_running_steps_finish_and_the_next_run_goes_on(storage_gone: Acme) -> None:
    process = storage_gone.start("apply", "--stack", "storage", "--yes")
    assert process.stderr is not None
    _until(process.stderr, "storage/local  update")
    _until(process.stderr, "created")
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 3, out + errors
    status = storage_gone.json("status", "storage")["deployments"][0]
    assert status["pending"] == 0
    assert "storage/local" in out


def test_the_second_of_two_applies_names_the_first(storage_gone: Acme) -> None:
    storage_gone.run("plan", "storage", "--out", "second.json")
    first = storage_gone.start("apply", "--stack", "storage", "--yes")
    assert first.stderr is not None
    _until(first.stderr, "storage/local  update")
    _until(first.stderr, "created")
    engine = _child(first.pid, "pulumi")
    os.kill(engine, signal.SIGSTOP)
    try:
        told = storage_gone.run("apply", "second.json", code=3)
    finally:
        os.kill(engine, signal.SIGCONT)
    out, errors = first.communicate(timeout=120)
    assert first.returncode == 0, out + errors
    assert "`storage/local` is locked by" in told
    assert f"(process {engine})" in told


def test_a_state_that_changes_after_our_check_is_refused_under_the_engines_lock(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = f'{SAFE[:-1]}, overrides={{"key.deletion_window_in_days": 29}})'
    acme.edit("storage", SAFE, shorter)
    acme.run("plan", "storage", "--out", "raced.json")
    monkeypatch.setenv("PRODFIRST_HOME", str(acme.home))
    estate = load(acme.folder / "prodfirst.yaml")
    site = Site(estate, next(iter(estate.environments.values())))
    s3 = site.operator.client("s3")
    before = s3.get_object(Bucket="acme-local-state", Key=_STATE)["Body"].read()

    def meddle(event: Progress) -> None:
        if isinstance(event, Phase) and event.text == "update":
            changed = json.loads(before)
            changed["checkpoint"]["latest"]["resources"][0]["outputs"] = {"somebody": "else"}
            s3.put_object(Bucket="acme-local-state", Key=_STATE, Body=json.dumps(changed))

    engine = Engine(find_engine(print), acme.home / "pulumi")
    result = Apply.of(site, load_plan(acme.folder / "raced.json"), engine, meddle).run()
    s3.put_object(Bucket="acme-local-state", Key=_STATE, Body=before)
    acme.edit("storage", shorter, SAFE)
    assert [item.result for item in result.deployments] == [Result.REFUSED]
    assert "changed while apply began" in result.deployments[0].why
    assert "same" in {step["operation"] for step in acme.json("plan", "storage")["deployments"][0]["steps"]}


@pytest.mark.parametrize("damage", ["truncated", "foreign"])
def test_a_checkpoint_that_is_none_is_named_with_what_to_do(acme: Acme, tmp_path: Path, damage: str) -> None:
    place = f"s3://acme-local-state/{_STATE}"
    kept, damaged = tmp_path / "kept.json", tmp_path / "damaged.json"
    acme.aws("s3", "cp", "--quiet", place, str(kept))
    damaged.write_text(kept.read_text()[:200] if damage == "truncated" else '{"foreign": true}')
    acme.aws("s3", "cp", "--quiet", str(damaged), place)
    try:
        told = acme.run("plan", "storage", code=3)
    finally:
        acme.aws("s3", "cp", "--quiet", str(kept), place)
    assert f"`{place}` cannot be used" in told
    assert "restore an earlier version" in told
