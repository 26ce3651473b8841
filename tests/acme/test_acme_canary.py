"""A canary, as secret configuration, secret input and secret output, is looked for in all that is written."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from acme_estate import SAFE, Acme
from local_callers import administrator_of

from prodfirst.adapters.pulumi.tool import find_engine
from prodfirst.localcloud.lifecycle import LocalCloud

_CANARY = "canary-3b1f9a-in-the-mine"
_BUCKET = "acme-local-state"


@pytest.fixture
def mined(acme: Acme) -> Iterator[Acme]:
    """The example with the canary in its configuration, as a tag of its key, and as an output."""
    _configure(acme, "set", "--secret", "canary", given=_CANARY)
    tags = '{"key.tags": {"canary": pulumi.Config().require_secret("canary")}}'
    tagged = f"{SAFE[:-1]}, overrides={tags})"
    export = 'pulumi.export("canary", storage.key.tags["canary"])\n'
    acme.edit("storage", "from prodfirst.blueprints", "import pulumi\nfrom prodfirst.blueprints")
    acme.edit("storage", SAFE, f"{tagged}\n{export}")
    yield acme
    acme.edit("storage", f"{tagged}\n{export}", SAFE)
    _configure(acme, "rm", "canary")
    acme.run("apply", "--stack", "storage", "--yes")


def _configure(acme: Acme, verb: str, *arguments: str, given: str = "") -> None:
    """`pulumi config`, as the error for a secret in a committed file tells people to run it."""
    (file,) = (acme.home / "local" / "stacks").rglob("Pulumi.acme-storage.yaml")
    environment = {
        **_administrator(acme),
        "PATH": os.environ["PATH"],
        "HOME": str(acme.home),
        "PULUMI_HOME": str(acme.home / "pulumi"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_BACKEND_URL": f"s3://{_BUCKET}?region=eu-central-1",
    }
    subprocess.run(
        [
            str(find_engine(print).path), "config", verb, *arguments,
            "--stack", "local", "--config-file", str(file), "--cwd", str(acme.folder / "stacks" / "storage"),
        ],
        env=environment,
        input=given,
        text=True,
        check=True,
        timeout=120,
    )  # fmt: skip


def _administrator(acme: Acme) -> dict[str, str]:
    return dict(LocalCloud(acme.home / "local").environment("eu-central-1"))


@contextmanager
def _watched_commands() -> Iterator[set[bytes]]:
    """The command lines of every process that runs meanwhile, with the canary in them."""
    told: set[bytes] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = entry.read_bytes()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if _CANARY.encode() in line:
                    told.add(line)
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield told
    finally:
        done.set()
        watcher.join()


def _objects(acme: Acme) -> Iterator[tuple[str, bytes]]:
    """Every version of every object in the state bucket."""
    s3: Any = administrator_of(LocalCloud(acme.home / "local")).client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=_BUCKET):
        for item in page.get("Versions", []):
            answer = s3.get_object(Bucket=_BUCKET, Key=item["Key"], VersionId=item["VersionId"])
            yield item["Key"], answer["Body"].read()


def test_it_is_nowhere_in_clear(mined: Acme) -> None:
    with _watched_commands() as command_lines:
        told = [
            *mined.both("plan", "storage", "--out", "canary.json"),
            *mined.both("apply", "canary.json"),
            *mined.both("drift", "storage"),
            *mined.both("plan", "storage", "--json"),
            *mined.both("outputs", "storage"),
            *mined.both("local", "logs", "-n", "100000"),
        ]
        assert any("canary: [secret]" in text for text in told)
        told += mined.both("destroy", "storage", "--yes")
    assert not any(_CANARY in text for text in told)
    assert command_lines == set()
    files = [path for root in (mined.folder, mined.home) for path in root.rglob("*") if path.is_file()]
    found = [str(path) for path in files if _CANARY.encode() in path.read_bytes()]
    # the tag itself is in the cloud, which is the local one
    assert [path for path in found if "/local/state/kms" not in path] == []
    assert [key for key, body in _objects(mined) if _CANARY.encode() in body] == []
