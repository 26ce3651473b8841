"""An environment that is not local gets production settings alone: nothing of the local cloud, ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prodfirst.adapters.aws.access import ambient
from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.adapters.pulumi.tool import EngineBinary
from prodfirst.estate.reading import load
from prodfirst.kernel.errors import Failure
from prodfirst.kernel.paths import home, private_dir
from prodfirst.usecases.engine import plugin_home
from prodfirst.usecases.site import Site

_ESTATE = """\
version: 1
name: acme
repository: github.com/acme/estate
environments:
  production:
    cloud: aws
    account: "111122223333"
    region: eu-central-1
    zones: [eu-central-1a]
    backend: s3://acme-state
teams:
  platform: { group: acme-platform }
stacks:
  network: { layer: infrastructure, owner: platform, program: network }
"""
_STACK_FILE = "secretsprovider: awskms://alias/x?region=eu-central-1\nencryptedkey: a2V5\n"
_USER = {
    "AWS_PROFILE": "acme-production",
    "AWS_ACCESS_KEY_ID": "AKIAUSERSOWN",
    "AWS_SECRET_ACCESS_KEY": "users-own-secret",
    "UNRELATED_TOKEN": "not-for-the-engine",
}


def _production(folder: Path) -> Site:
    (folder / "network").mkdir()
    (folder / "network" / "Pulumi.yaml").write_text("name: acme-network\nruntime: python\n")
    (folder / "network" / "__main__.py").write_text("")
    (folder / "network" / "Pulumi.production.yaml").write_text(_STACK_FILE)
    (folder / "prodfirst.yaml").write_text(_ESTATE)
    estate = load(folder / "prodfirst.yaml")
    return Site(estate, next(iter(estate.environments.values())))


def test_the_engine_gets_no_provider_proxy_authority_or_credential_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = _production(tmp_path)
    local = private_dir(home() / "local")
    (local / "administrator.json").write_text('{"key": "AKIALOCAL", "secret": "local-secret"}')
    pulumi = tmp_path / "pulumi"
    record = 'for a; do printf "%s\\n" "$a"; done'
    pulumi.write_text(f"#!/bin/sh\nenv > {tmp_path}/environment\n{record} > {tmp_path}/arguments\n")
    pulumi.chmod(0o755)
    for name, value in _USER.items():
        monkeypatch.setenv(name, value)
    access = ambient("eu-central-1", _USER)
    engine = Engine(EngineBinary(pulumi, "3.259.0"), plugin_home(site))
    (stack,) = site.estate.stacks.values()
    with site.engine_run(stack, access) as run, pytest.raises(Failure):
        engine.preview(run)
    lines = (tmp_path / "environment").read_text().splitlines()
    got = dict(line.split("=", 1) for line in lines if "=" in line)
    assert got["PULUMI_BACKEND_URL"] == "s3://acme-state?region=eu-central-1"
    assert got["AWS_PROFILE"] == "acme-production"
    assert got["PULUMI_HOME"] == str(Path.home() / ".pulumi")
    unwanted = {"PULUMI_DEBUG_PROVIDERS", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "AWS_CA_BUNDLE",
                "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_ENDPOINT_URL", "UNRELATED_TOKEN",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"}  # fmt: skip
    assert unwanted & set(got) == set()
    everything = json.dumps(got) + (tmp_path / "arguments").read_text()
    assert "AKIALOCAL" not in everything
    assert "local-secret" not in everything
    assert str(local) not in everything


def test_its_stack_file_is_the_committed_one(tmp_path: Path) -> None:
    site = _production(tmp_path)
    (stack,) = site.estate.stacks.values()
    assert site.stack_file_path(stack) == tmp_path / "network" / "Pulumi.production.yaml"
    assert site.stack_file(stack).encrypted_key == "a2V5"
