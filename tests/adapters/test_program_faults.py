"""Programs that misbehave: a clear error with their own traceback, and nothing left running."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest
from engine_fixtures import Deployment

from prodfirst.adapters.pulumi import host
from prodfirst.kernel import processes
from prodfirst.kernel.errors import Failure, InvalidInput, Problem, Refused


def problem_of(deployment: Deployment, source: str) -> Problem:
    deployment.program(source)
    with pytest.raises(Failure) as caught:
        deployment.engine.preview(deployment.run)
    return caught.value.problems[0]


def test_one_that_raises_shows_its_own_traceback_alone(deployment: Deployment) -> None:
    source = """
        Thing("a")
        def broken():
            return {}["missing"]
        broken()
    """
    problem = problem_of(deployment, source)
    assert problem.what == "the program of `acme` failed"
    assert problem.why.startswith("Traceback (most recent call last):")
    assert 'program/__main__.py", line 4, in broken' in problem.why
    assert problem.why.endswith("KeyError: 'missing'")
    assert "programhost" not in problem.why
    assert "runpy" not in problem.why


def test_one_that_raises_in_an_apply_shows_its_own_line(deployment: Deployment) -> None:
    problem = problem_of(deployment, 'pulumi.Output.from_input("x").apply(lambda value: value + 1)\n')
    assert 'program/__main__.py", line 2' in problem.why
    assert "TypeError" in problem.why
    assert "programhost" not in problem.why


def test_one_with_a_syntax_error_names_the_line(deployment: Deployment) -> None:
    problem = problem_of(deployment, "Thing('a'\n")
    assert "SyntaxError" in problem.why
    assert "line 2" in problem.why


def test_one_that_needs_a_missing_module(deployment: Deployment) -> None:
    assert "No module named 'nowhere'" in problem_of(deployment, "import nowhere\n").why


def test_one_that_hangs_is_ended_after_the_timeout(deployment: Deployment) -> None:
    begun = time.monotonic()
    problem = problem_of(deployment.with_run(timeout=2.0), "import time\nThing('a')\ntime.sleep(600)\n")
    assert "took longer than 2 s" in problem.what
    assert problem.why == "the program had not ended"
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("code", ["0", "1"])
def test_one_that_calls_sys_exit_has_not_ended_well(deployment: Deployment, code: str) -> None:
    problem = problem_of(deployment, f"import sys\nThing('a')\nsys.exit({code})\nThing('b')\n")
    assert "ended itself early" in problem.what
    assert problem.why == f"sys.exit({code})"


def test_one_whose_process_ends_is_named_with_its_last_words(deployment: Deployment) -> None:
    problem = problem_of(deployment, "import os\nprint('last words', flush=True)\nos._exit(3)\n")
    assert "ended before the program did" in problem.what
    assert "it exited with code 3" in problem.why
    assert "last words" in problem.why


def test_one_that_is_killed_is_named_with_the_signal(deployment: Deployment) -> None:
    problem = problem_of(deployment, "import os\nos.kill(os.getpid(), 9)\n")
    assert "it was killed by SIGKILL" in problem.why


def test_what_it_prints_is_kept_apart_from_what_we_say(deployment: Deployment) -> None:
    deployment.program("import sys\nprint('to out')\nprint('to err', file=sys.stderr)\n")
    output = deployment.engine.preview(deployment.run).output
    assert "to out" in output
    assert "to err" in output


def test_a_flood_of_output_is_cut(deployment: Deployment) -> None:
    deployment.program("for _ in range(200):\n    print('x' * 100_000)\n")
    output = deployment.engine.preview(deployment.run).output
    assert len(output) < 600_000
    assert "more bytes not kept" in output


def test_its_standard_input_is_empty(deployment: Deployment) -> None:
    deployment.program("import sys\nprint(repr(sys.stdin.read()))\n")
    assert "''" in deployment.engine.preview(deployment.run).output


@pytest.mark.parametrize("session", [False, True], ids=["in its group", "in a session of its own"])
def test_children_that_it_leaves_are_ended(deployment: Deployment, session: bool) -> None:
    deployment.program(
        f"""
        import subprocess, sys
        where = {str(deployment.folder)!r}
        command = [sys.executable, "-c", "import time; time.sleep(600)", where]
        subprocess.Popen(command, start_new_session={session})
        """
    )
    deployment.engine.preview(deployment.run)  # the fixture looks for what is left


def test_a_forked_child_does_not_hold_up_the_run(deployment: Deployment) -> None:
    deployment.program(
        "import os, time\nThing('a')\nif os.fork() == 0:\n    time.sleep(600)\n    os._exit(0)\n"
    )
    begun = time.monotonic()
    deployment.engine.preview(deployment.run)
    assert time.monotonic() - begun < 10


def test_it_gets_no_credentials_and_no_home(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from-the-user")
    deployment.program("import os\nprint(sorted(os.environ), os.listdir(os.environ['HOME']))\n")
    output = deployment.engine.preview(deployment.run).output
    assert "AWS" not in output
    assert "PASSPHRASE" not in output
    assert output.strip().endswith("[]")


def test_it_does_not_get_the_credentials_of_its_own_run(deployment: Deployment) -> None:
    held = {
        **deployment.run.engine_environment,
        "AWS_ACCESS_KEY_ID": "ASIAOFTHISRUN",
        "AWS_SECRET_ACCESS_KEY": "secret-of-this-run",
        "AWS_SESSION_TOKEN": "session-of-this-run",
    }
    deployment.program("import os\nprint(dict(os.environ))\n")
    output = deployment.engine.preview(deployment.with_run(engine_environment=held).run).output
    assert "PATH" in output
    assert "AWS_" not in output
    assert "of-this-run" not in output


@pytest.mark.parametrize("main", ["app", "app/start.py"])
def test_main_of_its_project_file_is_honoured(deployment: Deployment, main: str) -> None:
    folder = deployment.run.program
    (folder / "Pulumi.yaml").write_text(f"name: acme\nruntime: python\nmain: {main}\n")
    (folder / "app").mkdir()
    (folder / "sdk.py").rename(folder / "app" / "sdk.py")
    name = "start.py" if main.endswith(".py") else "__main__.py"
    (folder / "app" / name).write_text("import os\nfrom sdk import *\nprint(os.getcwd())\nThing('a')\n")
    preview = deployment.engine.preview(deployment.run)
    assert [str(step.source) for step in preview.steps if step.name == "a"] == [f"program/app/{name}:4:1"]


@pytest.mark.parametrize(
    ("project", "what"),
    [
        ("name: acme\nruntime: nodejs\n", "programs in `nodejs` cannot be run yet"),
        (
            "name: acme\nruntime: {name: python, options: {virtualenv: gone}}\n",
            "the virtual environment `gone` has no `bin/python`",
        ),
        ("name: [\n", "the file is not YAML"),
        ("- acme\n", "the file is not a mapping"),
    ],
)
def test_a_project_file_that_cannot_be_used(deployment: Deployment, project: str, what: str) -> None:
    (deployment.run.program / "Pulumi.yaml").write_text(project)
    with pytest.raises(InvalidInput) as caught:
        deployment.engine.preview(deployment.run)
    assert caught.value.problems[0].what == what


def test_a_resource_of_a_library_points_at_the_teams_line(deployment: Deployment) -> None:
    library = deployment.folder / ".venv" / "site-packages" / "blueprint.py"
    library.parent.mkdir(parents=True)
    library.write_text(
        "from sdk import *\n"
        "class Pair(pulumi.ComponentResource):\n"
        "    def __init__(self, name):\n"
        "        super().__init__('acme:index:Pair', name)\n"
        "        Thing(name + '-one', opts=ResourceOptions(parent=self))\n"
    )
    deployment.program(
        f"""
        import sys
        sys.path.append({str(library.parent)!r})
        from blueprint import Pair
        def make():
            Pair("p")
        make()
        """
    )
    graph = deployment.engine.preview(deployment.run).graph
    for name in ("p", "p-one"):
        (resource,) = (item for item in graph.resources if item.name == name)
        assert list(map(str, resource.source)) == ["program/__main__.py:6:1", "program/__main__.py:7:1"]


def test_the_graph_says_which_property_depends_on_what(deployment: Deployment) -> None:
    deployment.program("a = Thing('a')\nThing('b', ref=a.id, opts=ResourceOptions(depends_on=[a]))\n")
    graph = deployment.engine.preview(deployment.run).graph
    a, b = (next(item for item in graph.resources if item.name == name) for name in "ab")
    assert b.property_dependencies == {"ref": frozenset({a.urn})}
    assert b.dependencies == {a.urn}
    assert graph.incomplete == ()


def test_it_starts_only_when_approved_under_the_engines_lock(deployment: Deployment) -> None:
    marker = deployment.folder / "started"
    deployment.program(f"open({str(marker)!r}, 'w')\nThing('a')\n")
    seen: list[tuple[int, bool]] = []

    def look() -> None:
        locks = list((deployment.folder / "state" / ".pulumi" / "locks").rglob("*.json"))
        seen.append((len(locks), marker.exists()))
        raise Refused(Problem("not this time"))

    with pytest.raises(Refused, match="not this time"):
        deployment.engine.update(deployment.run, approve=look)
    assert seen == [(1, False)]
    assert not marker.exists()
    assert deployment.cloud() == {}


def test_a_check_that_breaks_stops_the_run(deployment: Deployment) -> None:
    deployment.program("Thing('a')\n")

    def broken() -> None:
        raise KeyError("no such state")

    with pytest.raises(Failure, match="no such state"):
        deployment.engine.update(deployment.run, approve=broken)
    assert deployment.cloud() == {}


def test_no_bytecode_is_left_in_the_checkout_and_none_is_believed(deployment: Deployment) -> None:
    for size in (1, 2):  # within one second, of one length: Python's bytecode cache would not notice
        deployment.program(f"Thing('a', size={size})\n")
        (step,) = (s for s in deployment.engine.preview(deployment.run).steps if s.name == "a")
        assert step.inputs["size"] == size
    assert list(Path(deployment.folder).rglob("__pycache__")) == []


def test_a_host_whose_engine_never_came_ends_with_its_parent(tmp_path: Path) -> None:
    """Seen red: it waited for ever to open an event log that nobody would write."""
    log = tmp_path / "events"
    os.mkfifo(log, 0o600)
    ours, theirs = socket.socketpair()
    process = host.interpreter_of_programs(Path(sys.executable)).start(
        ["-m", "programhost", str(theirs.fileno()), str(log), f"{tmp_path}/", "run"],
        environment=host.environment(tmp_path),
        pass_fds=(theirs.fileno(),),
    )
    theirs.close()
    with ours, ours.makefile("rb") as reports:
        assert b'"port"' in reports.readline()
    assert process.wait() == 1
    processes.end(process)


def test_what_another_program_imported_does_not_stand_for_a_module_of_its_own(deployment: Deployment) -> None:
    """Seen red: the second program got the installed package, since the first one had imported it."""
    deployment.program("import pulumi_aws")
    deployment.engine.preview(deployment.run)
    (deployment.folder / "program" / "pulumi_aws.py").write_text("HERE = 'of the stack'\n")
    deployment.program("import pulumi_aws\nprint(pulumi_aws.HERE)")
    assert "of the stack" in deployment.engine.preview(deployment.run).output
