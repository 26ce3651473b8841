"""What goes wrong around an update is named, with what to do; what was done is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from engine_fixtures import Deployment, once, processes_below

from prodfirst.adapters.pulumi.checkpoint import file_store, read_locks
from prodfirst.adapters.pulumi.engine import Engine, Result
from prodfirst.adapters.pulumi.faults import StackMissing, Stopped
from prodfirst.adapters.pulumi.pending import pending_in
from prodfirst.adapters.pulumi.providers import ProviderCommand
from prodfirst.adapters.pulumi.stopping import Stop
from prodfirst.kernel.errors import Failure, Problem, ProdfirstError


def problem_of(deployment: Deployment, source: str = "Thing('a')\n") -> Problem:
    deployment.program(source)
    with pytest.raises(ProdfirstError) as caught:
        deployment.engine.update(deployment.run)
    return caught.value.problems[0]


def test_a_provider_that_fails_half_way_keeps_what_was_done(deployment: Deployment) -> None:
    deployment.program("a = Thing('a')\nThing('b', ref=a.id, fail='create')\nThing('c', ref=a.id)\n")
    outcome = deployment.engine.update(deployment.run)
    assert outcome.result is Result.FAILED
    assert {"a", "c"} >= {step.name for step in outcome.done if step.type == "tiny:index:Thing"} >= {"a"}
    (failure,) = outcome.failed
    assert failure.step.name == "b"
    assert str(failure.step.source) == "program/__main__.py:3:1"
    assert failure.reasons == ("the cloud refused to create it",)
    (problem,) = outcome.problems
    assert str(problem.where) == "program/__main__.py:3:1"
    assert "a" in deployment.cloud()
    deployment.up("a = Thing('a')\nThing('b', ref=a.id)\nThing('c', ref=a.id)\n")
    assert sorted(deployment.cloud()) == ["a", "b", "c"]


def test_a_resource_that_was_made_in_part_is_recorded_and_gone_on_with(deployment: Deployment) -> None:
    deployment.program("Thing('a', partial=True)\n")
    outcome = deployment.engine.update(deployment.run)
    (failure,) = outcome.failed
    assert "it exists, but it never became ready" in failure.reasons[0]
    deployment.up("Thing('a')\n")
    assert list(deployment.cloud()) == ["a"]


def test_a_provider_that_refuses_an_input_names_resource_and_place(deployment: Deployment) -> None:
    problem = problem_of(deployment, "a = Thing(\n    'a',\n    fail='check',\n)\n")
    assert problem.what == "`fail` of `a` (tiny:index:Thing) is not accepted"
    assert str(problem.where) == "program/__main__.py:4:5"
    assert problem.why == "`check` is not an allowed value"


def test_a_provider_that_dies_is_no_success(deployment: Deployment) -> None:
    deployment.program("Thing('a', fail='die')\n")
    outcome = deployment.engine.update(deployment.run)
    assert outcome.result is Result.FAILED
    assert outcome.failed[0].step.name == "a"


def test_a_provider_that_hangs_is_ended_with_the_timeout(deployment: Deployment) -> None:
    begun = time.monotonic()
    deployment.up("Thing('z')\n")
    hasty = replace(deployment.run, timeout=round(1 + 3 * (time.monotonic() - begun)))
    deployment.program("Thing('z')\nThing('a', seconds=600)\n")
    deployment = replace(deployment, run=hasty, engine=impatient(deployment.engine))
    outcome = deployment.engine.update(deployment.run)
    assert outcome.result is Result.FAILED
    assert [step.name for step in outcome.unfinished] == ["a"]
    assert f"took longer than {hasty.timeout} s" in outcome.problems[0].what
    (pending,) = pending_in(deployment.state())
    assert (pending.operation, pending.urn) == ("creating", outcome.unfinished[0].urn)


def impatient(engine: Engine) -> Engine:
    return Engine(engine.binary, engine.plugin_home, grace=0.5)


@pytest.mark.parametrize(
    "command",
    [("false",), ("echo", "no port"), ("sleep", "60"), ("no-such-program-anywhere",)],
    ids=["ends", "speaks nonsense", "is silent", "is missing"],
)
def test_a_provider_that_does_not_start(deployment: Deployment, command: tuple[str, ...]) -> None:
    broken = ProviderCommand("tiny", command, start_seconds=1.0)
    problem = problem_of(deployment.with_run(providers=(broken,)))
    assert problem.what == "the `tiny` provider did not start"
    assert command[0] in problem.fix


def test_a_provider_that_is_not_there(deployment: Deployment) -> None:
    (tiny,) = deployment.run.providers
    problem = problem_of(deployment.with_run(providers=(replace(tiny, package="other"),)))
    assert "a provider plugin that `acme/dev` needs is not installed" in problem.what


def test_a_lock_names_its_holder(deployment: Deployment) -> None:
    lock = deployment.folder / "state" / ".pulumi" / "locks" / "organization" / "acme" / "dev" / "x.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    holder = {
        "pid": 4242,
        "username": "ci",
        "hostname": "runner-7",
        "timestamp": "2026-11-24T10:00:00.123456789Z",
    }
    lock.write_text(json.dumps(holder))
    problem = problem_of(deployment)
    assert problem.what == "`acme/dev` is locked by ci@runner-7 (process 4242) since 2026-11-24T10:00:00Z"
    (found,) = read_locks(file_store(deployment.run.backend_url), "acme", "dev")
    assert (found.user, found.host, found.pid) == ("ci", "runner-7", 4242)
    deployment.engine.cancel(deployment.run)
    deployment.up("Thing('a')\n")


def test_a_wrong_passphrase(deployment: Deployment) -> None:
    deployment.up("Thing('a', password=pulumi.Output.secret('hunter2-hunter2'))\n")
    wrong = deployment.with_run(engine_environment={"PULUMI_CONFIG_PASSPHRASE": "wrong"})
    assert problem_of(wrong).what == "the passphrase does not open the secrets of `acme/dev`"
    none = deployment.with_run(engine_environment={})
    assert problem_of(none).what == "there is no passphrase for the secrets of `acme/dev`"


@pytest.mark.parametrize("content", [b'{"version": 3, "checkpoint": {"lat', b'{"some": "thing"}', b"\x00"])
def test_a_checkpoint_that_is_damaged(deployment: Deployment, content: bytes) -> None:
    deployment.up("Thing('a')\n")
    file = deployment.folder / "state" / ".pulumi" / "stacks" / "acme" / "dev.json"
    file.write_bytes(content)
    with pytest.raises(Failure) as caught:
        deployment.engine.checkpoint(deployment.run)
    assert "the checkpoint of `acme/dev` cannot be read" in caught.value.problems[0].what
    if content != b'{"some": "thing"}':  # which the engine takes for an empty state; hence our own check
        assert "the checkpoint of `acme/dev` cannot be read" in problem_of(deployment).what


def test_a_deployment_without_state(unborn: Deployment) -> None:
    unborn.program("Thing('a')\n")
    with pytest.raises(StackMissing):
        unborn.engine.preview(unborn.run)
    assert unborn.engine.exists(unborn.run) is False


def test_a_program_that_left_its_plan_is_stopped(deployment: Deployment) -> None:
    plan = deployment.folder / "plan.json"
    deployment.program("Thing('a', size=1)\n")
    deployment.engine.preview(deployment.run, save_plan=plan)
    deployment.program("Thing('a', size=2)\n")
    with pytest.raises(Failure) as caught:
        deployment.engine.update(deployment.run, plan=plan)
    assert "would have left the admitted plan" in caught.value.problems[0].what
    assert deployment.cloud() == {}


def test_a_full_disk(deployment: Deployment) -> None:
    deployment.program("Thing('a')\n")
    with pytest.raises(Failure) as caught:
        deployment.engine.preview(deployment.run, save_plan=Path("/dev/full"))
    assert caught.value.problems[0].what == "the disk is full"


def test_a_listener_that_breaks_does_not_stall_the_engine(deployment: Deployment) -> None:
    deployment.program("Thing('a')\n")

    def broken(_: object) -> None:
        raise ValueError("the display broke")

    with pytest.raises(ValueError, match="the display broke"):
        deployment.engine.update(deployment.run, on_event=broken)
    assert list(deployment.cloud()) == ["a"]


def test_one_stop_lets_running_steps_finish(deployment: Deployment) -> None:
    stop = Stop()
    engine = Engine(deployment.engine.binary, deployment.engine.plugin_home, stop)
    deployment.program("a = Thing('a', seconds=1.5)\nThing('b', ref=a.id)\n")
    watcher = once(deployment.pending, stop.request)
    outcome = engine.update(deployment.run)
    watcher.join()
    assert outcome.result is Result.STOPPED
    assert set(deployment.cloud()) <= {"a"}  # what came after it was never begun
    recorded = [r["urn"] for r in deployment.state()["checkpoint"]["latest"]["resources"]]
    pending = [item.urn for item in pending_in(deployment.state())]
    assert [urn for urn in (*recorded, *pending) if urn.endswith("::a")]


def test_a_second_stop_kills_and_leaves_a_pending_operation(deployment: Deployment) -> None:
    stop = Stop()
    engine = Engine(deployment.engine.binary, deployment.engine.plugin_home, stop)
    deployment.program("Thing('a', seconds=600)\n")

    def twice() -> None:
        stop.request()
        stop.request()

    watcher = once(deployment.pending, twice)
    outcome = engine.update(deployment.run)
    watcher.join()
    assert outcome.result is Result.STOPPED
    assert [step.name for step in outcome.unfinished] == ["a"]
    assert pending_in(deployment.state())[0].operation == "creating"
    with pytest.raises(Stopped):  # it stays stopped for what comes after
        engine.preview(deployment.run)


def test_a_killed_parent_leaves_its_running_step_recorded_or_pending(deployment: Deployment) -> None:
    """The engine gets a signal and cancels: which of the two it is depends on who is faster."""
    deployment.program("a = Thing('a', seconds=1.5)\nThing('b', ref=a.id)\n")
    script = deployment.folder / "parent.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from prodfirst.adapters.pulumi.engine import Engine, EngineRun\n"
        "from prodfirst.adapters.pulumi.providers import ProviderCommand\n"
        "from prodfirst.adapters.pulumi.tool import EngineBinary\n"
        f"run = EngineRun(program=Path({str(deployment.run.program)!r}), project='acme', stack='dev',\n"
        f"  root=Path({str(deployment.folder)!r}), config_file=Path({str(deployment.run.config_file)!r}),\n"
        f"  backend_url={deployment.run.backend_url!r},\n"
        f"  engine_environment={dict(deployment.run.engine_environment)!r},\n"
        f"  providers=(ProviderCommand('tiny', {deployment.run.providers[0].command!r},\n"
        f"    {dict(deployment.run.providers[0].environment)!r}),))\n"
        f"binary = EngineBinary(Path({str(deployment.engine.binary.path)!r}), '3.259.0')\n"
        f"engine = Engine(binary, Path({str(deployment.engine.plugin_home)!r}))\n"
        "engine.update(run, on_event=lambda event: print(event, flush=True))\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    next(line for line in parent.stdout if "Started" in line and "::a'" in line)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 15
    while processes_below(deployment.folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert set(deployment.cloud()) <= {"a"}  # what came after it was never begun
    recorded = [r["urn"] for r in deployment.state()["checkpoint"]["latest"]["resources"]]
    pending = [item.urn for item in pending_in(deployment.state())]
    assert [urn for urn in (*recorded, *pending) if urn.endswith("::a")]
