"""The binaries of a control plane: those that the user has, or built once into the cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prodfirst.kernel import gotools
from prodfirst.kernel.errors import Failure, Problem
from prodfirst.kernel.gotools import GoTool

VERSION = "1.37.2"
OLDEST = (1, 34)
"""Kubernetes; the flags that are used (`control_plane.py`) exist since then, and nothing older was tried."""
_OLDEST_ETCD = (3, 5)
_VERSION_SECONDS = 30.0
_SAID = r"(?:Kubernetes v|etcd Version: )(\d+)\.(\d+)\.(\d+)"
_FILES = ("kube-apiserver", "kube-controller-manager", "etcd")
_COMPONENT = "k8s.io/component-base/version"

KUBERNETES = GoTool(
    title="Kubernetes",
    name="kubernetes",
    version=VERSION,
    module=Path(__file__).parent / "build",
    packages=(
        ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
        ("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
        ("etcd", "go.etcd.io/etcd/server/v3"),
    ),
    variables=(
        (f"{_COMPONENT}.gitVersion", f"v{VERSION}"),  # without it kubectl cannot parse the version
        (f"{_COMPONENT}.gitMajor", "1"),
        (f"{_COMPONENT}.gitMinor", "37"),
    ),
    about_seconds=340,
    instead="set `KUBEBUILDER_ASSETS` to a folder that setup-envtest filled",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """The three programs of one control plane."""

    folder: Path
    version: str
    """Of Kubernetes, such as `1.37.2`."""

    @property
    def api_server(self) -> Path:
        """kube-apiserver"""
        return self.folder / "kube-apiserver"

    @property
    def controller_manager(self) -> Path:
        """kube-controller-manager"""
        return self.folder / "kube-controller-manager"

    @property
    def etcd(self) -> Path:
        """etcd"""
        return self.folder / "etcd"


def find_binaries(progress: Callable[[str], None]) -> Binaries:
    """`KUBEBUILDER_ASSETS`, else the PATH, else the cache's, built where they are missing.

    What cannot be used is told and passed by. Raises Failure where nothing can be used and nothing built.
    """
    found = binaries_there()
    if isinstance(found, Binaries):
        return found
    for text in found:
        progress(text)
    gotools.build(KUBERNETES, _go(found), progress)
    return Binaries(KUBERNETES.folder, VERSION)


def binaries_there() -> Binaries | tuple[str, ...]:
    """The binaries without building them; where there are none, why the user's own were passed by."""
    passed_by = []
    for origin, folder in _candidates():
        answer = _usable(folder)
        if isinstance(answer, Binaries):
            return answer
        passed_by.append(f"{origin} `{folder}` cannot be used: {answer}")
    return Binaries(KUBERNETES.folder, VERSION) if gotools.built(KUBERNETES) else tuple(passed_by)


def _candidates() -> list[tuple[str, Path]]:
    """Folders that the user may mean, each with where its name comes from."""
    found = []
    if named := os.environ.get("KUBEBUILDER_ASSETS"):
        found.append(("`KUBEBUILDER_ASSETS`", Path(named)))
    if server := shutil.which("kube-apiserver"):
        found.append(("the PATH's", Path(server).parent))
    return found


def _go(passed_by: tuple[str, ...]) -> Path:
    if found := shutil.which("go"):
        return Path(found)
    why = "neither `KUBEBUILDER_ASSETS` nor the PATH has them, and there is no `go` to build them"
    fix = f"install Go, from which prodfirst builds them once, or {KUBERNETES.instead}"
    raise Failure(Problem("there is no kube-apiserver", why="; ".join(passed_by) or why, fix=fix))


def _usable(folder: Path) -> Binaries | str:
    """The binaries of a folder, or why they cannot be used."""
    versions = {}
    for file in _FILES:
        answer = _version(folder / file)
        if isinstance(answer, str):
            return f"`{file}`: {answer}"
        versions[file] = answer
    server, manager, etcd = (versions[file] for file in _FILES)
    if server[:2] < OLDEST:
        return f"it is Kubernetes {_shown(server)}, older than {_shown(OLDEST)}"
    if manager[:2] != server[:2]:
        return f"kube-controller-manager is {_shown(manager)}, kube-apiserver {_shown(server)}"
    if etcd[:2] < _OLDEST_ETCD:
        return f"it is etcd {_shown(etcd)}, older than {_shown(_OLDEST_ETCD)}"
    return Binaries(folder, _shown(server))


def _version(path: Path) -> tuple[int, ...] | str:
    return gotools.version_said(path, "--version", _SAID, seconds=_VERSION_SECONDS)


def _shown(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
