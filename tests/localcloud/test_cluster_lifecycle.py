"""Control planes over restarts, crashes and faults of the local cloud."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cluster_fixtures import Shell, begin_cluster, create_cluster, write_kubeconfig
from local_callers import ACCOUNT, REGION, administrator_of

from prodfirst.localcloud.lifecycle import LocalCloud

_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "etcd")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud of the test's own, started."""
    cloud = LocalCloud(tmp_path / "installation" / "local")
    cloud.up(ACCOUNT, REGION)
    yield cloud
    cloud.down()


def _shell(cloud: LocalCloud, folder: Path) -> Shell:
    administrator = administrator_of(cloud)
    described = administrator.client("eks").describe_cluster(name="one")["cluster"]
    return Shell(administrator, write_kubeconfig(folder / "kubeconfig", described), "one")


def _processes(cloud: LocalCloud) -> dict[str, int]:
    """The control plane's processes of this installation, by name."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        name = Path(words[0]).name
        if name in _PROGRAMS and any(str(cloud.home) in word for word in words):
            found[name] = int(entry.parent.name)
    return found


def _eventually_none(cloud: LocalCloud, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while left := _processes(cloud):
        assert time.monotonic() < end, f"left behind: {left}"
        time.sleep(0.1)


def _health(cloud: LocalCloud) -> str:
    shown = administrator_of(cloud).client("eks").describe_cluster(name="one")["cluster"]
    return "; ".join(issue["message"] for issue in shown.get("health", {}).get("issues", []))


def _eventually(read: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first answer that says something."""
    end = time.monotonic() + seconds
    while not (answer := read()):
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)
    return answer


def test_a_cluster_and_its_data_survive_down_and_up_and_go_with_its_deletion(
    own: LocalCloud, tmp_path: Path
) -> None:
    before = create_cluster(administrator_of(own), "one")
    shell = _shell(own, tmp_path)
    shell.kubectl("create", "namespace", "kept")
    token = shell.kubectl("create", "token", "default").strip()

    own.down()
    _eventually_none(own)
    told: list[str] = []
    own.up(ACCOUNT, REGION, told.append)

    assert any("starting cluster `one`" in text for text in told)
    eks = administrator_of(own).client("eks")
    after = eks.describe_cluster(name="one")["cluster"]
    assert (after["endpoint"], after["certificateAuthority"]) == (
        before["endpoint"],
        before["certificateAuthority"],
    )
    assert "kept" in shell.kubectl("get", "namespaces")
    who = shell.run("kubectl", "auth", "whoami", f"--token={token}")
    assert "system:serviceaccount:default:default" in who.stdout
    assert set(_processes(own)) == set(_PROGRAMS)

    eks.delete_cluster(name="one")
    _eventually_none(own)
    assert list((own.home / "kubernetes").iterdir()) == []
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_cluster(name="one")


def test_a_killed_daemon_leaves_no_process_and_loses_nothing(own: LocalCloud, tmp_path: Path) -> None:
    create_cluster(administrator_of(own), "one")
    _shell(own, tmp_path).kubectl("create", "namespace", "kept")
    running = own.status()
    assert running is not None

    os.kill(running.pid, signal.SIGKILL)

    _eventually_none(own)
    own.up(ACCOUNT, REGION)
    assert "kept" in _shell(own, tmp_path).kubectl("get", "namespaces")


def test_a_daemon_killed_while_a_cluster_is_made_makes_it_at_the_next_start(
    own: LocalCloud, tmp_path: Path
) -> None:
    made = begin_cluster(administrator_of(own), "one")
    assert made["status"] == "CREATING"
    assert "endpoint" not in made
    running = own.status()
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)

    _eventually_none(own)
    own.up(ACCOUNT, REGION)

    waiter = administrator_of(own).client("eks").get_waiter("cluster_active")
    waiter.wait(name="one", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert "kube-system" in _shell(own, tmp_path).kubectl("get", "namespaces")


def test_an_api_server_that_dies_is_said_and_started_again(own: LocalCloud, tmp_path: Path) -> None:
    create_cluster(administrator_of(own), "one")
    shell = _shell(own, tmp_path)
    first = _processes(own)["kube-apiserver"]

    os.kill(first, signal.SIGKILL)

    assert "kube-apiserver" in _eventually(lambda: _health(own))
    _eventually(lambda: _health(own) == "")
    assert "default" in shell.kubectl("get", "namespaces")
    assert _processes(own)["kube-apiserver"] != first
    assert "kube-apiserver ended with code -9; starting it again" in (own.home / "daemon.log").read_text()


def test_a_port_that_another_has_is_passed_by(own: LocalCloud, tmp_path: Path) -> None:
    before = create_cluster(administrator_of(own), "one")
    port = urlsplit(before["endpoint"]).port
    own.down()

    with socket.create_server(("127.0.0.1", port or 0)):
        own.up(ACCOUNT, REGION)

        after = administrator_of(own).client("eks").describe_cluster(name="one")["cluster"]
        assert after["endpoint"] != before["endpoint"]
        assert "kube-system" in _shell(own, tmp_path).kubectl("get", "namespaces")


def test_a_cluster_that_cannot_start_has_failed_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No binaries and no Go: the daemon's PATH has only what the local cloud itself needs."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("ps", "env"):
        (tools / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("PRODFIRST_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    cloud = LocalCloud(tmp_path / "installation" / "local")
    cloud.up(ACCOUNT, REGION)
    try:
        eks = administrator_of(cloud).client("eks")
        begin_cluster(administrator_of(cloud), "one")
        end = time.monotonic() + 20
        while (shown := eks.describe_cluster(name="one")["cluster"])["status"] == "CREATING":
            assert time.monotonic() < end
            time.sleep(0.1)
        assert shown["status"] == "FAILED"
        assert "there is no kube-apiserver" in shown["health"]["issues"][0]["message"]
        assert "install Go" in (cloud.home / "daemon.log").read_text()
        assert "there is no kube-apiserver" in cloud.clusters()[0].reason
        eks.delete_cluster(name="one")
    finally:
        cloud.down()


def test_a_cluster_that_cannot_start_again_is_said_by_up(own: LocalCloud, tmp_path: Path) -> None:
    create_cluster(administrator_of(own), "one")
    own.down()
    key = next((own.home / "kubernetes").glob("*/pki/service-accounts.key"))
    content = key.read_bytes()
    key.write_text("damaged")
    told: list[str] = []

    own.up(ACCOUNT, REGION, told.append)

    assert "cluster `one` in eu-central-1 does not answer: kube-apiserver ended" in told[-1]
    assert "kube-apiserver ended" in _health(own)
    own.down()
    key.write_bytes(content)
    own.up(ACCOUNT, REGION)
    assert "kube-system" in _shell(own, tmp_path).kubectl("get", "namespaces")


def test_nobody_else_can_read_what_a_cluster_keeps(own: LocalCloud) -> None:
    create_cluster(administrator_of(own), "one")
    own.down()
    folder = own.home / "kubernetes"
    opened = [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]
    assert opened == []
    record = json.loads(next(folder.glob("*/cluster.json")).read_text())
    assert record["name"] == "one"
