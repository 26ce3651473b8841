"""Grants first, revocations last: under locked permissions every change works, and nothing wider is left."""

from __future__ import annotations

from dataclasses import replace

import pytest
from granting_estates import Granting, parameters, urns

from prodfirst.permissions.lock import path_of, read, text_of

_BROKEN = 'aws.ssm.Parameter("three", name=f"/{prefix}/one", type="String", value="3")\n'
"""A name that is taken: it fails in the cloud, not in the plan."""


@pytest.fixture
def estate(granted: Granting, monkeypatch: pytest.MonkeyPatch) -> Granting:
    """The shared estate; the test is in its installation."""
    monkeypatch.setenv("PRODFIRST_HOME", str(granted.home))
    return granted


def _apply(estate: Granting, code: int = 0) -> dict[str, str]:
    """Plan all, save, apply the file; the result of each stack."""
    estate.run("plan", "--out", "plan.json")
    result = estate.json("apply", "plan.json", code=code)
    return {item["deployment"].partition("/")[0]: item["result"] for item in result["deployments"]}


def _exact(estate: Granting) -> None:
    """The roles hold what the locks say, and there is no other role and no other policy."""
    assert estate.held() == estate.locked()
    assert not [name for name in estate.policies() if "-kept-" in name]


def test_a_new_stack_says_that_identity_comes_first(estate: Granting) -> None:
    file = estate.folder / "prodfirst.yaml"
    before = file.read_text()
    estate.stacks("store", "stuck", "calm", "gone", "before", "slow", "fresh")
    estate.program("fresh", parameters("one"))
    estate.run("bootstrap")
    told = estate.run("plan", code=3)
    assert "stack `fresh` has no identities yet" in told
    assert "run `prodfirst apply --stack identity`, then this again" in told
    file.write_text(before)
    path_of(estate.folder, "fresh").unlink()


def test_a_stack_that_drops_a_resource_deletes_it_and_loses_the_permission(estate: Granting) -> None:
    estate.program("store", parameters("one"))
    planned = estate.plan("--out", "plan.json")
    assert urns(planned["store"]["steps"], "delete") == {"two"}
    assert urns(planned["identity"]["steps"], "delete") == set()
    assert any("-store-apply-kept-" in name for name in urns(planned["identity"]["closing"], "delete"))

    result = estate.json("apply", "plan.json")
    assert {item["result"] for item in result["deployments"]} == {"applied", "unchanged"}
    assert {name for name in estate.names() if name.startswith("store/")} == {"store/one"}
    _exact(estate)


def test_the_plan_shows_what_is_revoked_last(estate: Granting) -> None:
    estate.program("stuck", parameters("one"))
    try:
        text = estate.run("plan")
        alone = estate.run("plan", "identity")
    finally:
        estate.program("stuck", parameters("one", "two"))
    assert "revoked last, when every other deployment of this plan is done:" in text
    assert "to revoke" in text
    assert "stack `stuck` loses permissions, and is not in this plan" in alone


def test_what_a_failed_stack_held_stays_and_the_next_run_revokes_it(estate: Granting) -> None:
    estate.stack("stuck", parameters("one") + _BROKEN)
    estate.lock("stuck")
    estate.run("plan", "--out", "plan.json")
    told = estate.json("apply", "plan.json", code=3)["deployments"]
    ended = {item["deployment"]: item for item in told}
    assert ended["stuck/local"]["result"] == "failed"
    assert "`stuck/local` did not come through" in ended["identity/local"]["why"]
    assert [name for name in estate.policies() if "-stuck-apply-kept-" in name]

    estate.program("stuck", parameters("one"))
    assert _apply(estate)["stuck"] in ("applied", "unchanged")
    assert {name for name in estate.names() if name.startswith("stuck/")} == {"stuck/one"}
    _exact(estate)
    assert set(_apply(estate).values()) == {"unchanged"}


def test_another_lock_of_one_stack_plans_no_step_outside_of_identity(estate: Granting) -> None:
    path = path_of(estate.folder, "calm")
    lock = read(path)
    assert lock is not None
    wider = lock.plan[0]
    path.write_text(text_of(replace(lock, apply=(*lock.apply, wider))))
    try:
        planned = estate.plan()
    finally:
        estate.lock("calm")
    changed = {stack: [step["urn"] for step in item["steps"] if step["operation"] != "same"]
               for stack, item in planned.items()}  # fmt: skip
    assert all("calm" in urn or ".team-" in urn for urn in changed.pop("identity"))
    assert not any(changed.values())


def test_a_stack_that_is_removed_goes_before_its_roles(estate: Granting) -> None:
    remaining = ("store", "stuck", "calm", "slow", "before")
    estate.stacks(*remaining)
    told = estate.run("plan", "identity", code=1)
    assert "stack `gone` still has 1 resource" in told
    assert "put `gone` back into `prodfirst.yaml`, run `prodfirst destroy gone`" in told

    estate.stacks(*remaining, "gone")
    estate.run("destroy", "gone", "--yes")
    path_of(estate.folder, "gone").unlink()
    estate.stacks(*remaining)
    planned = estate.plan()
    assert urns(planned["identity"]["steps"], "delete") == set()
    name = f"{estate.folder.name}-local-gone"
    assert {f"{name}-plan", f"{name}-apply"} <= urns(planned["identity"]["closing"], "delete")
    _apply(estate)
    _exact(estate)
    assert not [name for name in estate.names() if name.startswith("gone/")]
    estate.run("bootstrap")
    assert "no drift" in estate.run("drift", "identity")


def test_a_stack_that_is_renamed_is_made_under_its_new_name(estate: Granting) -> None:
    remaining = ("store", "stuck", "calm", "slow")
    estate.run("destroy", "before", "--yes")
    path_of(estate.folder, "before").unlink()
    estate.stacks(*remaining, after="before")
    estate.lock("after")
    estate.run("bootstrap")
    estate.run("apply", "--stack", "identity", "--yes")
    told = estate.run("plan", "after", code=1)
    assert "is stack `before`'s, not `after`'s" in told
    assert "another project name" in told

    estate.stacks(*remaining, "after")
    estate.program("after", parameters("one"))
    estate.run("bootstrap")
    estate.run("apply", "--stack", "identity", "--yes")
    _apply(estate)
    assert "after/one" in estate.names()
    _exact(estate)


def test_the_identities_do_not_go_before_what_they_are_for(estate: Granting) -> None:
    told = estate.run("plan", "identity", "--destroy", code=1)
    assert "stack `store` still has 1 resource" in told
    assert "run `prodfirst destroy store`, then plan this again" in told


def test_the_whole_estate_is_destroyed_identity_last(estate: Granting) -> None:
    """After all others: what is left is what bootstrap made."""
    result = estate.json("destroy", "--yes")
    assert [item["deployment"] for item in result["deployments"]][-1] == "identity/local"
    assert {item["result"] for item in result["deployments"]} <= {"applied", "unchanged"}
    assert estate.names() == set()
    assert estate.held() == {}
    assert estate.policies() == set()
    iam, name = estate.site.operator.client("iam"), estate.folder.name
    left = {item["RoleName"] for item in iam.list_roles(PathPrefix=estate.site.ground.path)["Roles"]}
    assert left == {f"{name}-local-identity-plan", f"{name}-local-identity-apply"}
