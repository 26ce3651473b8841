"""What goes wrong with identities while people work, and what they are told: real engine, local cloud."""

from __future__ import annotations

import subprocess
import time

import pytest
from granting_estates import Granting, parameters

from prodfirst.permissions.lock import path_of

_COUNT = 6
_CHAIN = (
    parameters("first")
    + "before = None\n"
    + f"for number in range({_COUNT}):\n"
    + "    before = aws.ssm.Parameter(\n"
    + '        f"p{number}", name=f"/{prefix}/p{number}", type="String", value="1",\n'
    + "        opts=pulumi.ResourceOptions(depends_on=[before] if before else []),\n"
    + "    )\n"
)
"""Made one after the other."""


@pytest.fixture
def estate(granted: Granting, monkeypatch: pytest.MonkeyPatch) -> Granting:
    """The shared estate; the test is in its installation."""
    monkeypatch.setenv("PRODFIRST_HOME", str(granted.home))
    return granted


def test_credentials_that_expire_in_the_middle_lose_nothing(estate: Granting) -> None:
    estate.program("slow", _CHAIN)
    estate.run("apply", "--stack", "identity", "--yes")
    estate.run("plan", "slow", "--out", "plan.json")
    running = estate.start("apply", "plan.json", "--json")
    until = time.monotonic() + 120
    while "slow/p1" not in estate.names():
        assert running.poll() is None
        assert time.monotonic() < until
    estate.run("local", "expire")
    told = _ended(running)

    assert running.returncode == 3
    assert "the credentials of this run of" in told
    assert "slow/local" in told
    assert "run `prodfirst plan` and apply again" in told
    made = {name for name in estate.names() if name.startswith("slow/p")}
    assert 1 < len(made) < _COUNT

    assert estate.apply("--stack", "slow", "--yes")["slow"]["result"] == "applied"
    assert {f"slow/p{number}" for number in range(_COUNT)} <= set(estate.names())
    assert estate.plan("slow", "--detailed-exitcode")["slow"]["interrupted"] == []


def _ended(running: subprocess.Popen[str]) -> str:
    out, errors = running.communicate(timeout=120)
    return out + errors


def test_a_lock_that_was_edited_by_hand_is_no_plan(estate: Granting) -> None:
    path = path_of(estate.folder, "calm")
    path.write_text(path.read_text().replace('"ssm:DeleteParameter"', '"ssm:*"'))
    try:
        told = estate.run("plan", "calm", code=1)
        identity = estate.run("plan", "identity", code=3)
    finally:
        estate.lock("calm")
    for text in (told, identity):
        assert "`permissions/calm.lock.json` was edited by hand" in text
    assert "run `prodfirst permissions sync calm`" in told


def test_a_role_that_was_deleted_is_found_first_named_and_made_again(estate: Granting) -> None:
    iam, role = estate.site.operator.client("iam"), f"{estate.folder.name}-local-calm-plan"
    for item in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=item["PolicyArn"])
    iam.delete_role(RoleName=role)

    told = estate.run("plan", "calm", code=3)
    assert f"may not take on `{role}`" in told
    assert "see with `prodfirst drift` whether the role is still there" in told
    told = estate.run("drift", code=3)
    assert told.index(f"role `{role}` is gone") < told.index("calm/local")
    assert "prodfirst drift identity --record" in told

    estate.run("drift", "identity", "--record", code=1)
    estate.run("apply", "--stack", "identity", "--yes")
    assert estate.held() == estate.locked()
    assert "no drift" in estate.run("drift", "identity")
    estate.run("plan", "calm")
