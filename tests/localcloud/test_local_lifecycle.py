"""Up, down, reset, restarts and crashes of the local cloud, as a user meets them."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from local_callers import ACCOUNT, REGION, administrator_of, trusting

from prodfirst.kernel.errors import Failure
from prodfirst.localcloud.lifecycle import LocalCloud


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud of the test's own, not started."""
    cloud = LocalCloud(tmp_path / "local")
    yield cloud
    cloud.down()


def test_the_environment_of_a_stopped_cloud_says_how_to_start_it(own: LocalCloud) -> None:
    with pytest.raises(Failure, match="prodfirst local up"):
        own.environment()


def test_the_administrator_is_a_user_of_the_chosen_account(own: LocalCloud) -> None:
    own.up(ACCOUNT, REGION)

    who = administrator_of(own).client("sts").get_caller_identity()

    assert who["Account"] == ACCOUNT
    assert who["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/prodfirst-administrator"


def test_state_credentials_and_port_survive_a_restart(own: LocalCloud) -> None:
    own.up(ACCOUNT, REGION)
    before = own.environment()
    s3 = administrator_of(own).client("s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="kept", Key="a/b", Body=b"content")

    own.down()
    own.up(ACCOUNT, REGION)

    assert own.environment() == before
    assert (
        administrator_of(own).client("s3").get_object(Bucket="kept", Key="a/b")["Body"].read() == b"content"
    )


def test_reset_forgets_everything(own: LocalCloud) -> None:
    own.up(ACCOUNT, REGION)
    old = administrator_of(own)
    old.client("s3").create_bucket(
        Bucket="forgotten", CreateBucketConfiguration={"LocationConstraint": REGION}
    )

    own.reset()
    own.up(ACCOUNT, REGION)

    assert administrator_of(own).key != old.key
    assert administrator_of(own).client("s3").list_buckets()["Buckets"] == []


def test_down_leaves_no_process_and_no_listener(own: LocalCloud) -> None:
    running = own.up(ACCOUNT, REGION)

    assert own.down()

    assert own.status() is None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port), 1).close()
    assert not own.down()


def test_up_is_repeatable_and_two_at_once_start_one(own: LocalCloud) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: own.up(ACCOUNT, REGION), range(2))

    assert first == second == own.up(ACCOUNT, REGION)


def test_another_account_is_refused_while_it_runs(own: LocalCloud) -> None:
    own.up(ACCOUNT, REGION)

    with pytest.raises(Failure, match=ACCOUNT):
        own.up("111122223333", REGION)


def test_a_port_taken_by_another_is_passed_by(own: LocalCloud) -> None:
    port = own.up(ACCOUNT, REGION).port
    own.down()
    with socket.create_server(("127.0.0.1", port)):
        assert own.up(ACCOUNT, REGION).port != port

    assert administrator_of(own).client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_after_a_kill_nothing_runs_and_what_was_acknowledged_is_there(own: LocalCloud) -> None:
    running = own.up(ACCOUNT, REGION)
    administrator_of(own).client("iam").create_role(
        RoleName="kept", AssumeRolePolicyDocument=json.dumps(trusting())
    )

    os.kill(running.pid, signal.SIGKILL)
    wait_for_end(running.pid)

    assert _session_of(running.pid) == []
    assert own.status() is None
    own.up(ACCOUNT, REGION)
    assert administrator_of(own).client("iam").get_role(RoleName="kept")["Role"]["RoleName"] == "kept"


def test_a_kill_right_after_the_first_start_leaves_a_usable_installation(own: LocalCloud) -> None:
    running = own.up(ACCOUNT, REGION)
    os.kill(running.pid, signal.SIGKILL)
    wait_for_end(running.pid)

    own.up(ACCOUNT, REGION)

    assert administrator_of(own).client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_recycled_process_id_is_not_killed(own: LocalCloud) -> None:
    running = own.up(ACCOUNT, REGION)
    record = (own.home / "running.json").read_text()
    own.down()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (own.home / "running.json").write_text(json.dumps({**json.loads(record), "pid": stranger.pid}))

        assert own.status() is None
        assert not own.down()

        assert stranger.poll() is None
        assert running.pid != stranger.pid
        stranger.communicate(b"\n")


def test_a_failed_start_leaves_nothing_and_shows_the_end_of_the_log(own: LocalCloud) -> None:
    own.home.mkdir(mode=0o700)
    (own.home / "authority").write_text("in the way")

    with pytest.raises(Failure, match="did not start") as raised:
        own.up(ACCOUNT, REGION)

    assert "FileExistsError" in raised.value.problems[0].why
    assert own.status() is None
    assert not (own.home / "running.json").exists()


def test_nobody_else_can_read_what_it_keeps(own: LocalCloud) -> None:
    own.up(ACCOUNT, REGION)
    s3 = administrator_of(own).client("s3")
    s3.create_bucket(Bucket="private", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="private", Key="a", Body=b"content")
    own.down()

    opened = [path for path in (own.home, *own.home.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]

    assert opened == []


def test_the_daemon_gets_no_variable_of_the_user(own: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-user")

    pid = own.up(ACCOUNT, REGION).pid

    assert b"of-the-user" not in Path(f"/proc/{pid}/environ").read_bytes()


def wait_for_end(pid: int) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} still runs")


def _session_of(pid: int) -> list[Path]:
    """Processes of the daemon's session that are alive."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == pid and fields[0] != "Z":
            found.append(folder)
    return found
