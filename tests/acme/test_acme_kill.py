"""`kill -9` in the middle of an apply: nothing is made twice or lost, and the same command goes on."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from acme_estate import Acme
from killing import killed_at, operation
from local_callers import administrator_of

from prodfirst.localcloud.lifecycle import LocalCloud

_OURS = [{"Name": "tag:prodfirst:estate", "Values": ["acme"]}]
_BUCKET = "acme-local-state"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    """The example with its identities; nothing else is applied yet."""
    estate = Acme.copy(tmp_path_factory.mktemp("killed"))
    try:
        estate.run("local", "up")
        estate.run("bootstrap")
        estate.run("apply", "--stack", "identity", "--yes")
        yield estate
    finally:
        estate.run("local", "down")


def _vpcs(estate: Acme) -> list[Any]:
    return list(_client(estate, "ec2").describe_vpcs(Filters=_OURS)["Vpcs"])


def _flow_logs(estate: Acme) -> list[Any]:
    return list(_client(estate, "ec2").describe_flow_logs(Filter=_OURS)["FlowLogs"])


def _groups(estate: Acme) -> list[Any]:
    found = _client(estate, "ec2").describe_security_groups(Filters=_OURS)["SecurityGroups"]
    return [group for group in found if group["GroupName"] != "default"]


def _buckets(estate: Acme) -> list[Any]:
    return [item for item in _client(estate, "s3").list_buckets()["Buckets"] if "-storage-" in item["Name"]]


def _client(estate: Acme, service: str) -> Any:
    return administrator_of(LocalCloud(estate.home / "local")).client(service)


def _state(estate: Acme, stack: str) -> Any:
    key = f".pulumi/stacks/acme-{stack}/local.json"
    body = _client(estate, "s3").get_object(Bucket=_BUCKET, Key=key)["Body"].read()
    return json.loads(body)["checkpoint"]["latest"]


def _recorded(estate: Acme, stack: str, token: str) -> int:
    return sum(item["type"] == token for item in _state(estate, stack)["resources"])


_COUNTED: dict[str, Callable[[Acme], list[Any]]] = {
    "aws:ec2/vpc:Vpc": _vpcs,
    "aws:ec2/securityGroup:SecurityGroup": _groups,
    "aws:ec2/flowLog:FlowLog": _flow_logs,
}


def test_an_apply_that_is_killed_again_and_again_makes_each_thing_once(fresh: Acme) -> None:
    fresh.run("plan", "network", "--out", "network.json")
    for name in ("CreateVpc", "CreateFlowLogs"):
        assert killed_at(fresh, operation(name), "apply", "network.json")
        assert _state(fresh, "network")["pending_operations"], name
    (planned,) = fresh.json("plan", "network")["deployments"]
    assert ("creating", "adopted") in {(item["operation"], item["fate"]) for item in planned["interrupted"]}
    out, errors = fresh.both("apply", "network.json")
    assert "removed the lock of" in errors
    assert f"@{socket.gethostname()}" in errors
    assert "was cut off: it was made, as `" in out
    for token, count in _COUNTED.items():
        assert len(count(fresh)) == _recorded(fresh, "network", token), token
    assert "no drift" in fresh.run("drift", "network")


def test_a_bucket_without_tags_yet_is_adopted_by_its_name_and_its_age(fresh: Acme) -> None:
    fresh.run("plan", "storage", "--out", "storage.json")
    assert killed_at(fresh, operation("CreateBucket"), "apply", "storage.json")
    fresh.run("apply", "storage.json")
    assert len(_buckets(fresh)) == _recorded(fresh, "storage", "aws:s3/bucket:Bucket")
    assert "no drift" in fresh.run("drift", "storage")


def test_a_removal_that_is_killed_goes_on(fresh: Acme) -> None:
    fresh.run("apply", "--stack", "storage", "--yes")
    fresh.run("plan", "storage", "--destroy", "--out", "gone.json")
    assert killed_at(fresh, operation("DeleteBucket"), "apply", "gone.json")
    fresh.run("apply", "gone.json")
    assert _buckets(fresh) == []


def test_the_lock_of_another_machine_is_named_and_left(fresh: Acme) -> None:
    holder = {"pid": 4242, "username": "ci", "hostname": "runner-7", "timestamp": "2026-11-24T10:00:00Z"}
    lock = {"Bucket": _BUCKET, "Key": ".pulumi/locks/organization/acme-network/local/foreign.json"}
    s3 = _client(fresh, "s3")
    s3.put_object(**lock, Body=json.dumps(holder))
    told = fresh.run("apply", "--stack", "network", "--yes", code=3)
    assert "`network/local` is locked by ci@runner-7 (process 4242) since 2026-11-24T10:00:00" in told
    assert json.loads(s3.get_object(**lock)["Body"].read()) == holder
    s3.delete_object(**lock)
