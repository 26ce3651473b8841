"""Which kube-apiserver is used, and what a user hears where none can be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from prodfirst.kernel.errors import Failure
from prodfirst.localcloud.kubernetes.binaries import Binaries, find_binaries

_SAYS = {
    "kube-apiserver": "Kubernetes v1.37.2",
    "kube-controller-manager": "Kubernetes v1.37.2",
    "etcd": "etcd Version: 3.7.0",
}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH, no `KUBEBUILDER_ASSETS`, an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PRODFIRST_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return folder


def _put(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def _install(folder: Path, says: Mapping[str, str] = MappingProxyType({})) -> Path:
    folder.mkdir(exist_ok=True)
    for file, text in {**_SAYS, **says}.items():
        _put(folder, file, f"echo {text}")
    return folder


def test_those_on_the_path_are_used(machine: Path) -> None:
    folder = _install(machine)
    assert find_binaries(pytest.fail) == Binaries(folder, "1.37.2")


def test_the_folder_that_is_named_comes_first(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(machine)
    assets = _install(tmp_path / "assets")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    assert find_binaries(pytest.fail).folder == assets


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"kube-apiserver": "Kubernetes v1.29.0"}, "it is Kubernetes 1.29.0, older than 1.34"),
        ({"kube-controller-manager": "Kubernetes v1.36.1"}, "kube-controller-manager is 1.36.1"),
        ({"etcd": "etcd Version: 3.4.9"}, "it is etcd 3.4.9, older than 3.5"),
        ({"etcd": "nonsense"}, "`etcd`: it does not say its version"),
    ],
)
def test_those_that_cannot_be_used_are_named_with_what_to_do(
    machine: Path, says: dict[str, str], why: str
) -> None:
    _install(machine, says)
    with pytest.raises(Failure) as caught:
        find_binaries(lambda _text: None)
    assert why in str(caught.value)
    assert "install Go" in str(caught.value)


def test_neither_binaries_nor_go(machine: Path) -> None:
    with pytest.raises(Failure, match="there is no `go` to build them"):
        find_binaries(pytest.fail)


def test_they_are_built_once_with_progress_and_found_afterwards(machine: Path, tmp_path: Path) -> None:
    go = _put(machine, "go", 'while [ "$1" != -o ]; do shift; done; : > "$2"; /bin/chmod 755 "$2"')
    told: list[str] = []
    first = find_binaries(told.append)
    assert "building Kubernetes 1.37.2, once: about 6 minutes" in told[0]
    go.unlink()
    assert find_binaries(pytest.fail) == first
    assert first.folder == tmp_path / "cache" / "tools" / "kubernetes-1.37.2"


def test_a_build_that_fails_in_the_middle_leaves_nothing(machine: Path, tmp_path: Path) -> None:
    make = 'while [ "$1" != -o ]; do shift; done; case "$2" in *etcd) echo no module >&2; exit 1;; esac'
    _put(machine, "go", make + '; : > "$2"')
    with pytest.raises(Failure, match="no module"):
        find_binaries(lambda _text: None)
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()] == ["lock"]
