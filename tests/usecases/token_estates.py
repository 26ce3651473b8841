"""An estate that is bootstrapped on a local cloud, without an engine run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from prodfirst.estate.reading import load
from prodfirst.kernel.paths import home
from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.usecases.bootstrap import bootstrap
from prodfirst.usecases.site import Site

_ESTATE = """\
version: 1
name: acme
repository: github.com/acme/estate
environments:
  local:
    cloud: aws
    local: true
    account: "210987654321"
    region: eu-central-1
    zones: [eu-central-1a]
    backend: s3://acme-local-state
  production:
    cloud: aws
    account: "210987654321"
    region: eu-central-1
    zones: [eu-central-1a]
    backend: s3://acme-production-state
  laptop:
    cloud: aws
    account: "210987654321"
    region: eu-central-1
    zones: [eu-central-1a]
    backend: s3://acme-laptop-state
    operator: arn:aws:iam::210987654321:user/prodfirst-administrator
teams:
  platform: { group: acme-platform }
stacks:
  network: { layer: infrastructure, owner: platform, program: network }
  shop: { layer: infrastructure, owner: platform, program: shop }
"""
"""Environments that are not local reach the same account here, through the front, as a CI job would."""


def make(folder: Path) -> Path:
    """Write the estate; returns the path of its file."""
    for name in ("network", "shop"):
        (folder / name).mkdir(parents=True)
        (folder / name / "Pulumi.yaml").write_text(f"name: acme-{name}\nruntime: python\n")
        (folder / name / "__main__.py").write_text("")
    (folder / "prodfirst.yaml").write_text(_ESTATE)
    return folder / "prodfirst.yaml"


def site(file: Path, environment: str) -> Site:
    """One environment of the estate."""
    estate = load(file)
    return next(Site(estate, item) for item in estate.environments.values() if item.name == environment)


@contextmanager
def bootstrapped(folder: Path) -> Iterator[Site]:
    """The local environment of an estate in `folder`, on a local cloud of its own that runs meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRODFIRST_HOME", str(folder / "home"))
        local = site(make(folder / "estate"), "local")
        cloud = ready(local)
        yield local
        cloud.down()


def ready(local: Site) -> LocalCloud:
    """The running local cloud of this installation, with the estate bootstrapped."""
    cloud = LocalCloud(home() / "local")
    cloud.up(local.environment.account, local.environment.region)
    bootstrap(local, lambda _text: None)
    return cloud
