"""Kubeconfigs as people have them: who is asked, whom to trust, and as whom."""

from __future__ import annotations

import json
import socket
import stat
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from control_plane_fixtures import ControlPlane

from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.credentials import NoCredentials
from prodfirst.providers.kubernetes.kubeconfig import InvalidKubeconfig, access_of, identity_of

_ME = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def _whoami(kubeconfig: str) -> str:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = Client(access_of(kubeconfig)).request("POST", _ME, None, body)
    return str(answer.data["status"]["userInfo"]["username"])


def _with_user(plane: ControlPlane, user: dict[str, Any]) -> str:
    data = json.loads(plane.kubeconfig())
    data["users"][0]["user"] = user
    return json.dumps(data)


def _script(folder: Path, text: str) -> str:
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def _plugin(command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, **more}}


def _answer(token: str, seconds: float) -> str:
    expires = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"kind": "ExecCredential", "status": {"token": token, "expirationTimestamp": expires}})


def test_a_token_in_the_file_as_yaml_and_at_a_path(control_plane: ControlPlane, tmp_path: Path) -> None:
    assert _whoami(control_plane.kubeconfig("reader")) == "reader"
    path = tmp_path / "config"
    path.write_text(control_plane.kubeconfig("reader"))
    assert _whoami(str(path)) == "reader"


def test_a_token_file_beside_the_kubeconfig(control_plane: ControlPlane, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-of-reader\n")
    (tmp_path / "config").write_text(_with_user(control_plane, {"tokenFile": "token"}))
    assert _whoami(str(tmp_path / "config")) == "reader"


def test_a_command_that_prints_a_token_gets_its_arguments_and_environment(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    said = _answer("token-of-$1$SUFFIX", 600)
    keep = f'echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info'
    command = _script(tmp_path, f"{keep}\ncat <<END\n{said}\nEND")
    user = _plugin(command, args=["rea"], env=[{"name": "SUFFIX", "value": "der"}], provideClusterInfo=True)
    assert _whoami(_with_user(control_plane, user)) == "reader"
    info = json.loads((tmp_path / "info").read_text())
    assert info["spec"]["cluster"]["server"] == control_plane.server


def test_a_command_is_asked_again_when_its_token_ends_or_is_refused(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    calls = f"echo x >> {tmp_path}/calls; "
    for seconds, expected in ((600, 1), (10, 3)):
        (tmp_path / "calls").write_text("")
        command = _script(tmp_path, f"{calls}echo '{_answer('token-of-reader', seconds)}'")
        client = Client(access_of(_with_user(control_plane, _plugin(command))))
        for _ in range(3):
            client.request("GET", "/api")
        assert len((tmp_path / "calls").read_text().split()) == expected
    (tmp_path / "calls").write_text("")
    command = _script(tmp_path, f"{calls}echo '{_answer('wrong', 600)}'")
    with pytest.raises(ApiError, match="Unauthorized"):
        Client(access_of(_with_user(control_plane, _plugin(command)))).request("GET", "/api")
    assert len((tmp_path / "calls").read_text().split()) == 2


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo token expired, log in >&2; exit 3", r"failed with exit code 3: token expired, log in; get it"),
        ("echo not json", r"did not print an ExecCredential"),
        ("echo '{}'", r"printed neither a token nor a certificate"),
    ],
)
def test_a_command_that_fails_says_what_to_do(
    control_plane: ControlPlane, tmp_path: Path, script: str, says: str
) -> None:
    user = _plugin(_script(tmp_path, script), installHint="get it from your platform team")
    with pytest.raises(NoCredentials, match=says):
        _whoami(_with_user(control_plane, user))


def test_a_command_that_is_not_installed(control_plane: ControlPlane) -> None:
    user = _plugin("no-such-command", installHint="get it from your platform team")
    with pytest.raises(NoCredentials, match=r"`no-such-command` of the kubeconfig is not installed; get it"):
        _whoami(_with_user(control_plane, user))


def test_the_environment_s_authorities_do_not_replace_the_cluster_s(
    control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other.pem").write_text("")
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(tmp_path / "other.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert _whoami(control_plane.kubeconfig("reader")) == "reader"


def test_a_proxy_of_the_kubeconfig_is_used(control_plane: ControlPlane) -> None:
    data = json.loads(control_plane.kubeconfig())
    data["clusters"][0]["cluster"]["proxy-url"] = "http://127.0.0.1:1"
    with pytest.raises(Unreachable):
        _whoami(json.dumps(data))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [\n", "is not valid YAML"),
        ("just text\nof two lines", "it holds no fields"),
        ("/does/not/exist", r"the kubeconfig `/does/not/exist` cannot be read: No such file"),
        ('{"clusters": [], "current-context": "a"}', r"has no context named `a`; it has none"),
        ('{"contexts": [{"name": "a"}], "current-context": "a"}', r"has no cluster named ``; it has none"),
        (
            '{"clusters": [{"name": "c", "cluster": {"server": "https://h", '
            '"certificate-authority-data": "%"}}]}',
            r"`certificate-authority-data` is not base64 of a PEM text",
        ),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_says_where_and_why(text: str, says: str) -> None:
    with pytest.raises(InvalidKubeconfig, match=says):
        access_of(text)


def test_key_material_never_shows(control_plane: ControlPlane) -> None:
    access = access_of(control_plane.kubeconfig("reader"))
    assert "token-of-reader" not in repr(access)
    assert "CERTIFICATE" not in repr(access)


def test_what_tells_clusters_apart(control_plane: ControlPlane) -> None:
    here = identity_of(control_plane.kubeconfig(), None, None)
    assert here == identity_of(control_plane.kubeconfig("reader"), None, None)
    assert here != identity_of(control_plane.kubeconfig(server="https://other"), None, None)
    assert identity_of("nonsense\n:", None, None) is None


def test_a_server_that_never_answers_costs_one_wait_not_many(control_plane: ControlPlane) -> None:
    """A listener that accepts nothing: its queue is full, so connections hang."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), ExitStack() as waiting:
            for _ in range(4):
                queued = waiting.enter_context(socket.socket())
                queued.setblocking(False)
                queued.connect_ex(("127.0.0.1", port))
            client = Client(access_of(control_plane.kubeconfig(server=f"https://127.0.0.1:{port}")))
            begun = time.monotonic()
            for _ in range(3):
                with pytest.raises(Unreachable):
                    client.request("GET", "/api")
            assert time.monotonic() - begun < 25
