"""Processes that are forks of a prepared interpreter: as good as started ones, and gone in time."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodfirst.kernel import processes
from prodfirst.kernel.prepared import Forked, Preparation, Prepared, Unprepared

_LINUX_ALONE = pytest.mark.skipif(sys.platform != "linux", reason="orphans are found by the kernel's help")


@pytest.fixture
def prepared() -> Iterator[Prepared]:
    one = Prepared(Path(sys.executable), {"LANG": "C.UTF-8"}, Preparation(("decimal",)))
    yield one
    one.close()


def _script(folder: Path, text: str) -> str:
    path = folder / f"s{len(list(folder.iterdir()))}.py"
    path.write_text(text)
    return str(path)


def _whole(process: Forked) -> tuple[int, str, str]:
    assert process.stdout is not None
    assert process.stderr is not None
    said = process.stdout.read().decode(), process.stderr.read().decode()
    return process.wait(), *said


def _is_there(pid: int) -> bool:
    return processes.command_of(pid) != ""


def _soon(holds: object, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if callable(holds) and holds():
            return True
        time.sleep(0.02)
    return False


def test_it_runs_a_command_line_as_an_interpreter_of_its_own_would(
    prepared: Prepared, tmp_path: Path
) -> None:
    text = (
        "import os, sys, tempfile\n"
        "print(sys.argv[1:], __name__, os.environ['ONE'], 'HOME' in os.environ, tempfile.gettempdir())\n"
        "print('decimal' in sys.modules, file=sys.stderr)\n"
        "sys.exit(7)\n"
    )
    process = prepared.start(
        [_script(tmp_path, text), "a", "b"], environment={"ONE": "1", "TMPDIR": str(tmp_path)}
    )
    code, out, err = _whole(process)
    assert (code, out, err) == (7, f"['a', 'b'] __main__ 1 False {tmp_path}\n", "True\n")


def test_modules_are_found_as_without_it(prepared: Prepared, tmp_path: Path) -> None:
    """`errors` and `paths` lie beside the script that it is started by."""
    code, _, err = _whole(prepared.start([_script(tmp_path, "import errors")], environment={}))
    assert code == 1
    assert "No module named 'errors'" in err


def test_descriptors_keep_their_numbers(prepared: Prepared, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    given, giving = os.pipe()
    text = f"import os, sys\nos.write({writing}, sys.stdin.buffer.read())\n"
    process = prepared.start([_script(tmp_path, text)], environment={}, pass_fds=(writing,), stdin=given)
    for descriptor in (writing, given):
        os.close(descriptor)
    os.write(giving, b"through")
    os.close(giving)
    assert _whole(process)[0] == 0
    assert os.read(reading, 100) == b"through"
    os.close(reading)


def test_no_descriptor_of_one_reaches_the_next(prepared: Prepared, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    text = "import os, sys\nprint(len(os.listdir('/dev/fd')))\n"
    first = _whole(prepared.start([_script(tmp_path, text)], environment={}, pass_fds=(writing,)))
    second = _whole(prepared.start([_script(tmp_path, text)], environment={}))
    os.close(reading)
    os.close(writing)
    assert int(first[1]) == int(second[1]) + 1


def test_random_numbers_differ_from_fork_to_fork(prepared: Prepared, tmp_path: Path) -> None:
    prepared.learn(["random"])
    script = _script(tmp_path, "import random\nprint(random.random())\n")
    seen = {_whole(prepared.start([script], environment={}))[1] for _ in range(3)}
    assert len(seen) == 3


def test_what_was_learned_is_there_from_the_start(prepared: Prepared, tmp_path: Path) -> None:
    script = _script(tmp_path, "import sys\nprint('fractions' in sys.modules)\n")
    assert _whole(prepared.start([script], environment={}))[1] == "False\n"
    prepared.learn(["fractions", "no_such_module"])
    assert _whole(prepared.start([script], environment={}))[1] == "True\n"


def test_an_sdk_whose_parts_load_when_they_are_needed_is_whole(prepared: Prepared, tmp_path: Path) -> None:
    """Seen red: `module 'pulumi_aws.eks' has no attribute 'Cluster'`, since its module came before it."""
    script = _script(tmp_path, "import pulumi_aws\nprint(pulumi_aws.eks.Cluster)\n")
    prepared.learn(["pulumi_aws", "pulumi_aws.eks.cluster"])
    code, out, err = _whole(prepared.start([script], environment={}))
    assert (code, err) == (0, "")
    assert "pulumi_aws.eks.cluster.Cluster" in out


def test_a_killed_one_tells_the_signal(prepared: Prepared, tmp_path: Path) -> None:
    process = prepared.start([_script(tmp_path, "import time\ntime.sleep(60)\n")], environment={})
    assert process.poll() is None
    assert processes.end(process) == -signal.SIGKILL
    assert process.poll() == -signal.SIGKILL


_FLED = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.environ.clear()
        print(os.getpid(), flush=True)
        os.close(1), os.close(2)
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep({seconds})
"""
"""A daemon, as programs start them: of another session, without a parent, its streams closed."""


def _daemon_of(process: Forked) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@_LINUX_ALONE
@pytest.mark.parametrize("seconds", [0, 60], ids=["its program ended", "its program is killed"])
def test_a_daemon_that_fled_ends_with_the_run(prepared: Prepared, tmp_path: Path, seconds: int) -> None:
    process = prepared.start([_script(tmp_path, _FLED.format(seconds=seconds))], environment={})
    fled = _daemon_of(process)
    assert _is_there(fled)
    processes.end(process)
    assert not _is_there(fled)


@_LINUX_ALONE
def test_a_daemon_of_a_running_program_is_left_alone(prepared: Prepared, tmp_path: Path) -> None:
    running = prepared.start([_script(tmp_path, _FLED.format(seconds=60))], environment={})
    fled = _daemon_of(running)
    other = prepared.start([_script(tmp_path, _FLED.format(seconds=60))], environment={})
    _daemon_of(other)
    processes.end(other)
    assert _is_there(fled)
    processes.end(running)
    assert not _is_there(fled)


def test_it_ends_with_the_process_that_made_it(tmp_path: Path) -> None:
    text = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from prodfirst.kernel.prepared import Preparation, Prepared\n"
        "one = Prepared(Path(sys.executable), {}, Preparation(()))\n"
        f"process = one.start([{str(tmp_path / 'p.py')!r}], environment={{}})\n"
        "print(one._process.pid, process.stdout.readline().decode().strip(), flush=True)\n"
        "time.sleep(60)\n"
    )
    (tmp_path / "p.py").write_text("print('there', flush=True)\nimport time; time.sleep(1)\n")
    parent = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid, said = parent.stdout.readline().decode().split()
    assert said == "there"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _soon(lambda: not _is_there(int(pid)))


def test_one_that_is_gone_says_so(tmp_path: Path) -> None:
    one = Prepared(Path(sys.executable), {}, Preparation((), (("broken", str(tmp_path / "nowhere")),)))
    with pytest.raises(Unprepared, match="nowhere"):
        one.start([_script(tmp_path, "")], environment={})
    assert one.gone()
    one.close()


def test_what_a_program_left_unloaded_is_left_so(prepared: Prepared, tmp_path: Path) -> None:
    """Most of `pulumi_aws`: to load all of it takes many seconds, which the next program would wait for."""
    prepared.learn(["pulumi_aws", "pulumi_aws.rds", "pulumi_aws.ssm.parameter"])
    script = _script(tmp_path, "import sys\nprint(*(n for n in sys.modules if n.count('.') == 2))\n")
    _, loaded, _ = _whole(prepared.start([script], environment={}))
    assert "pulumi_aws.ssm.parameter" in loaded.split()
    assert "pulumi_aws.rds.cluster" not in loaded.split()


def test_a_program_that_leaves_its_group_is_ended_all_the_same(prepared: Prepared, tmp_path: Path) -> None:
    """Seen red: the end waited for ever, and with it every other run."""
    text = (
        "import os, time\nos.setpgid(0, os.getpgid(os.getppid()))\n"
        "print('left', flush=True)\ntime.sleep(60)\n"
    )
    process = prepared.start([_script(tmp_path, text)], environment={})
    assert process.stdout is not None
    assert process.stdout.readline() == b"left\n"
    assert processes.end(process) == -signal.SIGKILL


def test_a_prepared_interpreter_that_is_killed_takes_no_result_along(tmp_path: Path) -> None:
    one = Prepared(Path(sys.executable), {}, Preparation(()))
    process = one.start([_script(tmp_path, "import time\ntime.sleep(60)\n")], environment={})
    os.kill(one._process.pid, signal.SIGKILL)
    one._process.wait()
    assert processes.end(process) == -signal.SIGKILL
    with pytest.raises(Unprepared):
        one.start([_script(tmp_path, "")], environment={})
    assert one.gone()


def test_after_an_interrupt_nothing_more_is_asked(prepared: Prepared, tmp_path: Path) -> None:
    """Seen red: the answer that nobody took was taken for that to the next question."""

    def interrupt(_: object, __: object) -> None:
        raise KeyboardInterrupt

    prepared.learn(["no_such_module"])
    script = _script(tmp_path, "")
    before = signal.signal(signal.SIGALRM, interrupt)
    os.kill(prepared._process.pid, signal.SIGSTOP)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            prepared.start([script], environment={})
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(Unprepared):
        prepared.start([script], environment={})
    assert prepared.gone()


def test_a_silent_one_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodfirst.kernel.prepared._ANSWER_SECONDS", 0.3)
    slow = tmp_path / "slowly"
    slow.mkdir()
    (slow / "__init__.py").write_text("import time\ntime.sleep(60)\n")
    one = Prepared(Path(sys.executable), {}, Preparation((), (("slowly", str(slow)),)))
    with pytest.raises(Unprepared):
        one.start([_script(tmp_path, "")], environment={})
    assert one.gone()


def test_a_high_descriptor_keeps_its_number(prepared: Prepared, tmp_path: Path) -> None:
    """Seen red: with 512 and above the descriptors were moved onto each other."""
    reading, low = os.pipe()
    writing = fcntl.fcntl(low, fcntl.F_DUPFD, 512)
    os.close(low)
    process = prepared.start(
        [_script(tmp_path, f"import os\nos.write({writing}, b'through')\nprint('said')\n")],
        environment={},
        pass_fds=(writing,),
    )
    os.close(writing)
    assert _whole(process)[:2] == (0, "said\n")
    assert os.read(reading, 100) == b"through"
    os.close(reading)
